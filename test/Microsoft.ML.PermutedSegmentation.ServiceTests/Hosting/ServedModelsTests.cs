using Microsoft.ML.Data;

namespace ServiceTests.Hosting;

/// <summary>Real models, by both engines: what is served is what a pipeline of ML.NET predicts.</summary>
public sealed class ServedModelsTests(TrainedModel trained) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<PatchRow> _rows = ColorPatches.Create(19, seed: 4);

    [Fact]
    public void Libtorch_without_a_pipeline_gives_what_the_pipeline_gives()
    {
        using TorchSegmenter segmenter = TorchSegmenter.Load(trained.ModelPath, trained.Key);
        segmenter.IsUnlocked.Should().BeTrue();
        IReadOnlyList<ScoredImage> scored = segmenter.Score([.. _rows.Select(row => row.Image)], withProbabilities: true);
        byte[][] labels = trained.LabelsOf(trained.Transformer);
        float[][] probabilities = trained.ScoresOf(trained.Transformer);
        for (int i = 0; i < labels.Length; i++)
        {
            scored[i].Labels.Should().Equal(labels[i]);
            scored[i].Probabilities!.Zip(probabilities[i], (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-5f);
        }
        segmenter.Score([]).Should().BeEmpty();
    }

    [Fact]
    public void Without_its_key_or_with_another_a_model_is_not_what_it_was()
    {
        using TorchSegmenter locked = TorchSegmenter.Load(trained.ModelPath);
        locked.IsUnlocked.Should().BeFalse();
        locked.Score([_rows[0].Image])[0].Labels.Should().NotEqual(trained.LabelsOf(trained.Transformer)[0]);
        using PermutationKey wrong = TestKeys.Wrong();
        Assert.Throws<WrongKeyException>(() => TorchSegmenter.Load(trained.ModelPath, wrong));
        using TorchSegmenter seen = TorchSegmenter.Load(trained.ModelPath, wrong, verify: false);
        seen.Score([_rows[0].Image])[0].Labels.Should().NotEqual(trained.LabelsOf(trained.Transformer)[0]);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_named()
    {
        string text = _folder.WriteText("model.zip", "no model"), damaged = _folder.Write("damaged.zip", File.ReadAllBytes(trained.ModelPath)[..^5000]);
        Assert.Throws<InvalidDataException>(() => TorchSegmenter.Load(text, trained.Key)).Message.Should().Contain(text);
        Assert.Throws<InvalidDataException>(() => TorchSegmenter.Load(damaged, trained.Key)).Message.Should().Contain(damaged);
        Assert.Throws<FileNotFoundException>(() => TorchSegmenter.Load(_folder.At("missing.zip")));
        string gray = _folder.At("gray.zip");
        var context = new MLContext();
        var chain = context.Transforms.ConvertToGrayscale("Image").Fit(trained.Data).Append(context.Model.Load(trained.ModelPath, out _));
        context.Model.Save(chain, trained.Data.Schema, gray);
        Assert.Throws<InvalidOperationException>(() => TorchSegmenter.Load(gray, trained.Key)).Message.Should().Contain(gray).And.Contain("ImageGrayscalingTransformer");
    }

    [Fact]
    public void A_disposed_segmenter_says_so_and_a_transparent_image_is_refused()
    {
        TorchSegmenter segmenter = TorchSegmenter.Load(trained.ModelPath, trained.Key);
        using MLImage image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, [10, 10, 10, 100]);
        Assert.Throws<ArgumentException>("images", () => segmenter.Score([_rows[0].Image, image])).Message.Should().Contain("Image 1");
        Assert.Throws<ArgumentNullException>("images", () => segmenter.Score([null!]));
        segmenter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => segmenter.Score([_rows[0].Image]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_from_many_threads_get_the_masks_of_their_images(bool onnx)
    {
        await using Served served = Serve(onnx);
        await Served.Eventually(() => served.Segmenter.Model is not null);
        SegmentedImage[] answers = await Task.WhenAll(Enumerable.Range(0, 3 * _rows.Count).Select(i => Task.Run(() => served.Segmenter.SegmentAsync(_rows[i % _rows.Count].Image))));
        byte[][] labels = trained.LabelsOf(trained.Transformer);
        double different = answers.Select((answer, i) => answer.Labels.Zip(labels[i % _rows.Count], (a, b) => a == b ? 0.0 : 1.0).Average()).Max();
        different.Should().BeLessThanOrEqualTo(0.002, "batches of other sizes may round otherwise where two classes are alike");
        answers.Max(answer => answer.BatchSize).Should().BeGreaterThan(1);
    }

    public void Dispose() => _folder.Dispose();

    private Served Serve(bool onnx)
    {
        string path = trained.ModelPath;
        if (onnx)
        {
            path = _folder.At("model.onnx");
            using FileStream stream = File.Create(path);
            new MLContext().Segmentation().ExportToOnnx(trained.Transformer, stream);
        }
        return new Served(options =>
        {
            options.ModelPath = path;
            options.QueueCapacity = 100;
            options.Key = _ => PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))]);
            options.Load = (file, key) => onnx ? OnnxSegmenter.Load(file, key) : TorchSegmenter.Load(file, key);
        });
    }
}
