using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A model exported with 8 bits, protected and sealed.</summary>
public sealed class QuantizedExportTests(QuantizedModel quantized) : IClassFixture<QuantizedModel>
{
    private const int Size = ColorPatches.Size;

    private static readonly MLImage[] Images = [.. ColorPatches.Create(5, seed: 4).Select(row => row.Image)];

    private OnnxModel Exported => quantized.Exported;

    [Fact]
    public void The_file_has_a_quarter_of_the_size_and_weights_within_half_a_step()
    {
        Assert.InRange(quantized.Protected.Length, 0, 0.3 * new FileInfo(Exported.Path).Length);
        var floats = Exported.Parse().Graph.Initializer.ToDictionary(tensor => tensor.Name);
        var bytes = ModelProto.Parser.ParseFrom(quantized.Protected).Graph.Initializer.ToDictionary(tensor => tensor.Name);
        int count = 0;
        foreach (var (name, tensor) in bytes.Where(entry => entry.Value.DataType == (int)TensorProto.Types.DataType.Int8))
        {
            float[] original = Values<float>(floats[name]), scales = Values<float>(bytes[$"{name}_scale"]);
            sbyte[] rounded = Values<sbyte>(tensor);
            int size = original.Length / scales.Length;
            for (int i = 0; i < original.Length; i++)
                Assert.True(Math.Abs((int)rounded[i]) <= 64 && Math.Abs(original[i] - rounded[i] * (double)scales[i / size]) <= 0.50001 * scales[i / size]);
            for (int channel = 0; channel < scales.Length; channel++)
                Assert.Equal(original.AsSpan(channel * size, size).ToArray().Max(Math.Abs) / 64, scales[channel]);
            count++;
        }
        Assert.Equal(21, count);
        // The scores are not rounded.
        Assert.Equal(floats["classifier.4.weight"], bytes["classifier.4.weight"]);
    }

    [Fact]
    public void With_the_key_the_scores_are_those_of_the_unprotected_models_file_to_the_bit_and_near_those_of_floats()
    {
        using OnnxSegmenter plain = Load(quantized.Plain), unlocked = Load(quantized.Protected, Exported.Key), floats = OnnxSegmenter.Load(Exported.Path, Exported.Key);
        Assert.True(unlocked.IsUnlocked);
        foreach (MLImage image in Images)
        {
            Assert.Equal(plain.Score(image), unlocked.Score(image));
            Assert.True(plain.Score(image).Cast<float>().Zip(floats.Score(image).Cast<float>()).Max(pair => Math.Abs(pair.First - pair.Second)) < 0.2);
        }
        Assert.InRange(Agreement(floats, unlocked), 0.97, 1);
        using PermutationKey wrong = TestKeys.Wrong();
        Assert.Throws<WrongKeyException>(() => Load(quantized.Protected, wrong));
        using OnnxSegmenter locked = Load(quantized.Protected), other = Load(quantized.Protected, wrong, verify: false);
        Assert.False(locked.IsUnlocked);
        Assert.InRange(Agreement(floats, locked), 0, 0.8);
        Assert.InRange(Agreement(floats, other), 0, 0.8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_session_without_this_library_gives_the_segmenters_labels(bool isFixed)
    {
        byte[] file = quantized.Export(Exported.Unlocked, new OnnxExportOptions { Probabilities = true, FixedSize = isFixed });
        using var session = new InferenceSession(file);
        var permutations = Exported.Key.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap);
        byte[] pixels = [.. Images.SelectMany(RgbPixels.From)];
        var outputs = session.Run(pixels, [Images.Length, Size, Size, 3], permutations);
        using OnnxSegmenter segmenter = Load(file, Exported.Key);
        Assert.Equal(segmenter.Segment(Images).SelectMany(mask => mask.Cast<byte>()), outputs["labels"].GetTensorDataAsSpan<byte>().ToArray());
        float[] expected = [.. Images.SelectMany(image => segmenter.Score(image).Cast<float>())];
        Assert.All(expected.Zip(outputs["probabilities"].GetTensorDataAsSpan<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        if (isFixed)
            return;
        // A photograph of another size is resized.
        byte[] large = [.. Enumerable.Range(0, 48 * 80 * 3).Select(i => (byte)(i % 240 * 16 / 15))];
        byte[] labels = session.Run(large, [1, 48, 80, 3], permutations)["labels"].GetTensorDataAsSpan<byte>().ToArray();
        Assert.InRange(segmenter.Segment(large, 48, 80).Cast<byte>().Zip(labels).Count(pair => pair.First != pair.Second), 0, 10);
    }

    [Fact]
    public void A_model_that_scores_by_windows_and_mirrored_is_calibrated_so_and_does_the_same()
    {
        using PermutedSegmentationTransformer windows = Exported.Plain.MLContext.Segmentation().WithScoring(Exported.Unlocked, ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true));
        using OnnxSegmenter segmenter = Load(quantized.Export(windows, new OnnxExportOptions()), Exported.Key), floats = Load(OnnxModel.Export(windows), Exported.Key);
        Assert.Equal((ScoringMode.SlidingWindow, true), (segmenter.ScoringMode, segmenter.TestTimeAugmentation.Flip));
        Assert.InRange(Agreement(floats, segmenter), 0.97, 1);
    }

    [Fact]
    public void Windows_are_calibrated_at_the_images_own_size()
    {
        // One white pixel on black, of which resizing to a half makes a grey one.
        byte[] pixels = new byte[64 * 64 * 4];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i % 4 == 3 || i / 4 == 40 * 64 + 40 ? 255 : 0);
        using MLImage image = MLImage.CreateFromPixels(64, 64, MLPixelFormat.Rgba32, pixels);
        using PermutedSegmentationTransformer windows = Exported.Plain.MLContext.Segmentation().WithScoring(Exported.Unlocked, ScoringMode.SlidingWindow);
        // From black in red, (0 - 0.485) / 0.229, to white in blue, (1 - 0.406) / 0.225.
        double whole = ((1 - 0.406) / 0.225 + 0.485 / 0.229) / 255;
        Assert.Equal(whole, ScaleOfImage(windows), 1e-6);
        Assert.InRange(ScaleOfImage(Exported.Unlocked), 0, 0.9 * whole);

        double ScaleOfImage(ITransformer model) => Values<float>(ModelProto.Parser
            .ParseFrom(OnnxModel.Export(model, new OnnxExportOptions { Int8 = new OnnxQuantization([image]) })).Graph.Initializer.Single(tensor => tensor.Name == "image/normal/scale"))[0];
    }

    [Fact]
    public void A_sealed_file_opens_with_the_key_only()
    {
        byte[] file = quantized.Export(Exported.Unlocked, new OnnxExportOptions { SealingKey = Exported.Key });
        Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(file));
        Assert.Contains("sealed", Assert.Throws<InvalidOperationException>(() => Load(file)).Message);
        using PermutationKey wrong = TestKeys.Wrong();
        Assert.Throws<WrongKeyException>(() => Load(file, wrong));
        using OnnxSegmenter expected = Load(quantized.Plain), actual = Load(file, Exported.Key);
        Assert.Equal(expected.Score(Images[0]), actual.Score(Images[0]));
    }

    [Fact]
    public void Any_programs_file_of_8_bits_is_permuted_and_unlocked()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(quantized.Plain);
        model.MetadataProps.Clear();
        string path = Exported.Path + ".int8", permuted = path + ".permuted";
        File.WriteAllBytes(path, model.ToByteArray());
        Assert.True(OnnxProtection.Describe(path) is { IsQuantized: true, IsProtected: false, Layers.Count: 22 });
        Assert.False(OnnxProtection.Describe(Exported.Path).IsQuantized);
        OnnxProtection.Protect(path, permuted, Exported.Key);
        byte[] pixels = [.. Images.SelectMany(RgbPixels.From)];
        byte[] expected = Labels(File.ReadAllBytes(path));
        Assert.NotEqual(expected, Labels(File.ReadAllBytes(permuted)));
        Assert.Equal(expected, Labels(OnnxProtection.Unlock(permuted, Exported.Key)));

        byte[] Labels(byte[] file)
        {
            using var session = new InferenceSession(file);
            return session.Run(pixels, [Images.Length, Size, Size, 3], new Dictionary<string, long[]>())["labels"].GetTensorDataAsSpan<byte>().ToArray();
        }
    }

    [Fact]
    public void Without_the_key_or_images_nothing_is_quantized()
    {
        var options = new OnnxExportOptions { Int8 = new OnnxQuantization(Images) };
        Assert.Contains("Unlock(", Assert.Throws<InvalidOperationException>(() => OnnxModel.Export(Exported.Locked, options)).Message);
        using PermutationKey wrong = TestKeys.Wrong();
        using (var other = Exported.Plain.MLContext.Segmentation().Unlock(Exported.Locked, wrong))
            Assert.Contains("another key", Assert.Throws<InvalidOperationException>(() => OnnxModel.Export(other, options)).Message);
        Assert.Contains("no images", Assert.Throws<ArgumentException>(() => OnnxModel.Export(Exported.Unlocked, new OnnxExportOptions { Int8 = new OnnxQuantization([]) })).Message);
        Assert.Throws<FileNotFoundException>(() => OnnxModel.Export(Exported.Unlocked, new OnnxExportOptions { Int8 = OnnxQuantization.FromFiles(["missing.jpg"]) }));
        Assert.Throws<ArgumentNullException>(() => new OnnxQuantization(null!));
        Assert.Throws<ArgumentNullException>(() => OnnxQuantization.FromFiles(null!));
    }

    [Fact]
    public void Images_are_asked_for_once_and_one_at_a_time()
    {
        int open = 0, most = 0, starts = 0;
        OnnxModel.Export(Exported.Unlocked, new OnnxExportOptions { Int8 = new OnnxQuantization(OneByOne()) });
        Assert.Equal((0, 1, 1), (open, most, starts));

        IEnumerable<MLImage> OneByOne()
        {
            starts++;
            foreach (PatchRow row in ColorPatches.Create(3))
            {
                most = Math.Max(most, ++open);
                using (row.Image)
                    yield return row.Image;
                open--;
            }
        }
    }

    private static double Agreement(OnnxSegmenter expected, OnnxSegmenter actual) => expected.Segment(Images).Zip(actual.Segment(Images))
        .Average(pair => pair.First.Cast<byte>().Zip(pair.Second.Cast<byte>()).Average(labels => labels.First == labels.Second ? 1.0 : 0));

    private static OnnxSegmenter Load(byte[] file, PermutationKey? key = null, bool verify = true)
    {
        using var stream = new MemoryStream(file);
        return OnnxSegmenter.Load(stream, key, verify);
    }

    private static T[] Values<T>(TensorProto tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.RawData.Span).ToArray();
}
