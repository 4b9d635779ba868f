using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class OnnxSegmenterTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    [Fact]
    public void Gives_the_models_labels_with_the_key_and_the_locked_models_without()
    {
        using OnnxSegmenter unlocked = OnnxSegmenter.Load(exported.Path, exported.Key), locked = OnnxSegmenter.Load(exported.Path);
        Assert.Equal((true, false), (unlocked.IsUnlocked, locked.IsUnlocked));
        Assert.Equal((32, 32, FeatureMaps.All), (unlocked.ImageHeight, unlocked.ImageWidth, unlocked.FeatureMaps));
        Assert.Equal(exported.Locked.ClassNames, unlocked.ClassNames);
        MLImage[] images = [.. ColorPatches.Create(5, seed: 4).Select(row => row.Image)];
        Assert.Equal(LabelsOf(exported.Unlocked), Flat(unlocked.Segment(images)));
        Assert.Equal(LabelsOf(exported.Locked), Flat(locked.Segment(images)));
        Assert.NotEqual(LabelsOf(exported.Unlocked), LabelsOf(exported.Locked));

        using OnnxSegmenter plain = LoadBytes(OnnxModel.Export(exported.Plain.Transformer));
        Assert.True(plain.IsUnlocked);
        Assert.Equal(LabelsOf(exported.Unlocked), Flat(plain.Segment(images)));
    }

    [Fact]
    public void Images_of_other_sizes_are_resized_as_the_library_does()
    {
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key);
        var random = new Random(7);
        MLImage[] images = [.. Enumerable.Range(0, 6).Select(i => RandomImage(random, height: 20 + 30 * i, width: 200 - 29 * i))];
        IDataView rows = exported.Plain.MLContext.Data.LoadFromEnumerable(images.Select(image => new PatchRow { Image = image, Label = new byte[32 * 32] }));
        byte[] expected = [.. exported.Unlocked.Transform(rows).GetColumn<byte[]>("PredictedLabel").SelectMany(labels => labels.Select(label => (byte)(label - 1)))];
        byte[] actual = Flat(segmenter.Segment(images));
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual).Count(pair => pair.First != pair.Second), 0, 3);
        Assert.True(expected.Distinct().Count() > 1);
    }

    [Fact]
    public void A_batch_single_images_and_their_pixels_give_the_same()
    {
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key);
        MLImage[] images = [.. ColorPatches.Create(3, seed: 9).Select(row => row.Image)];
        IReadOnlyList<byte[,]> masks = segmenter.Segment(images);
        Assert.Equal(masks, images.Select(segmenter.Segment));
        Assert.Equal(masks, images.Select(image => segmenter.Segment(RgbPixels.From(image), image.Height, image.Width)));
        Assert.Equal((32, 32), (masks[0].GetLength(0), masks[0].GetLength(1)));
        Assert.Empty(segmenter.Segment([]));
    }

    [Fact]
    public void Several_threads_may_use_it_with_the_callers_options()
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key, sessionOptions: options);
        MLImage[] images = [.. ColorPatches.Create(8, seed: 10).Select(row => row.Image)];
        byte[][,] masks = [.. images.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(segmenter.Segment)];
        Assert.Equal(masks, segmenter.Segment(images));
    }

    [Fact]
    public void Another_key_is_refused_unless_its_owner_wants_to_see()
    {
        using var wrong = PermutationKey.Generate();
        Assert.Contains("fingerprint differs", Assert.Throws<WrongKeyException>(() => OnnxSegmenter.Load(exported.Path, wrong)).Message);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, wrong, verify: false);
        Assert.NotEqual(LabelsOf(exported.Unlocked), Flat(segmenter.Segment([.. ColorPatches.Create(5, seed: 4).Select(row => row.Image)])));

        byte[] unprotected = OnnxModel.Export(exported.Plain.Transformer);
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => LoadBytes(unprotected, exported.Key)).Message);
        using var model = (PermutedSegmentationTransformer)new MLContext().Segmentation().Protect(exported.Plain.Transformer, exported.Key, FeatureMaps.Head, storeFingerprint: false);
        byte[] withoutFingerprint = OnnxModel.Export(model);
        Assert.Contains("no fingerprint", Assert.Throws<InvalidOperationException>(() => LoadBytes(withoutFingerprint, exported.Key)).Message);
        using OnnxSegmenter unlocked = LoadBytes(withoutFingerprint, exported.Key, verify: false);
        Assert.Equal(LabelsOf(exported.Unlocked), Flat(unlocked.Segment([.. ColorPatches.Create(5, seed: 4).Select(row => row.Image)])));
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key);
        Assert.Throws<ArgumentException>("rgb", () => segmenter.Segment(new byte[11], 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>("height", () => segmenter.Segment([], 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>("width", () => segmenter.Segment([], 2, -1));
        Assert.Throws<ArgumentNullException>(() => segmenter.Segment((MLImage)null!));
        Assert.Throws<ArgumentNullException>(() => segmenter.Segment([null!]));
        Assert.Contains("too many", Assert.Throws<ArgumentException>("images", () => segmenter.Segment(new ArraySegment<MLImage>(new MLImage[Array.MaxLength / (32 * 32 * 3) + 1]))).Message);
        segmenter.Dispose();
        segmenter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => segmenter.Segment(new byte[12], 2, 2));
        Assert.Throws<FileNotFoundException>(() => OnnxSegmenter.Load(exported.Path + ".missing"));
        Assert.Throws<ArgumentException>(() => OnnxSegmenter.Load(""));
        var disposed = PermutationKey.Generate();
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => OnnxSegmenter.Load(exported.Path, disposed));
    }

    private static OnnxSegmenter LoadBytes(byte[] file, PermutationKey? key = null, bool verify = true)
    {
        using var stream = new MemoryStream(file);
        return OnnxSegmenter.Load(stream, key, verify);
    }

    private byte[] LabelsOf(ITransformer model) =>
        [.. model.Transform(exported.Plain.Data).GetColumn<byte[]>("PredictedLabel").SelectMany(labels => labels.Select(label => (byte)(label - 1)))];

    private static byte[] Flat(IEnumerable<byte[,]> masks) => [.. masks.SelectMany(mask => mask.Cast<byte>())];

    // Blobs of colour: noise would be grey once it is resized.
    private static MLImage RandomImage(Random random, int height, int width)
    {
        byte[] pixels = new byte[height * width * 4], colors = new byte[4 * 4 * 3];
        random.NextBytes(colors);
        for (int p = 0; p < height * width; p++)
        {
            int cell = p / width * 4 / height * 4 + p % width * 4 / width;
            colors.AsSpan(3 * cell, 3).CopyTo(pixels.AsSpan(4 * p));
            pixels[4 * p + 3] = 255;
        }
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }
}
