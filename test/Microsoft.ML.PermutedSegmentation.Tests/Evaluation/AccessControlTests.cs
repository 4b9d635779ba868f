using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class AccessControlTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    private readonly SegmentationCatalog _segmentation = new MLContext(seed: 11).Segmentation();

    [Fact]
    public void The_conditions_are_what_evaluating_each_by_itself_gives()
    {
        AccessControlMetrics metrics = _segmentation.EvaluateAccessControl(trained.Transformer, trained.Data, trained.Key, wrongKeyCount: 3);
        AssertSame(_segmentation.Evaluate(trained.Transformer.Transform(trained.Data)), metrics.Correct);
        AssertSame(_segmentation.Evaluate(trained.Load().Transform(trained.Data)), metrics.NoKey);
        Assert.Equal(3, metrics.Incorrect.PerKey.Count);
        metrics.Incorrect.PerKey.Should().OnlyContain(wrong => wrong.MeanIntersectionOverUnion < metrics.Correct.MeanIntersectionOverUnion);
    }

    [Theory]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.Stage4)]
    [InlineData(FeatureMaps.Stage2 | FeatureMaps.Head)]
    [InlineData(FeatureMaps.All)]
    public void Sharing_the_lower_layers_changes_no_label(FeatureMaps maps)
    {
        var mlContext = new MLContext(seed: 1);
        var options = ColorPatches.Options(epochs: 1);
        options.FeatureMaps = maps;
        using var model = mlContext.Segmentation().Trainers.Permuted(trained.Key, options).Fit(ColorPatches.View(mlContext, 20));
        using var wrong = TestKeys.Wrong();
        PermutationKey?[] keys = [trained.Key, null, wrong];
        SegmentationMetrics[] metrics = new KeySweep(model.Model, model.Device).Run(trained.Data, "Label", keys, default);

        ITransformer[] models = [model, Locked(mlContext, model), mlContext.Segmentation().Unlock(model, wrong)];
        for (int k = 0; k < keys.Length; k++)
            AssertSame(mlContext.Segmentation().Evaluate(models[k].Transform(trained.Data)), metrics[k]);
    }

    [Fact]
    public void The_wrong_keys_come_from_the_seed()
    {
        var options = ColorPatches.Options(epochs: 1);
        options.FeatureMaps = FeatureMaps.Stem;
        using var model = new MLContext(seed: 1).Segmentation().Trainers.Permuted(trained.Key, options).Fit(ColorPatches.View(trained.MLContext, 20));
        Assert.Equal(Accuracies(seed: 3), Accuracies(seed: 3));
        Assert.NotEqual(Accuracies(seed: 3), Accuracies(seed: 4));

        double[] Accuracies(int seed) => [.. new MLContext(seed).Segmentation()
            .EvaluateAccessControl(model, trained.Data, trained.Key, 3).Incorrect.PerKey.Select(metrics => metrics.PixelAccuracy)];
    }

    [Fact]
    public void Wrong_keys_need_no_right_one_and_give_what_each_gives_by_itself()
    {
        var told = new List<long>();
        WrongKeyMetrics metrics = _segmentation.EvaluateWrongKeys(trained.Load(), trained.Data, 3, progress: new Progress(told.Add));
        AccessControlMetrics withKey = new MLContext(seed: 11).Segmentation().EvaluateAccessControl(trained.Transformer, trained.Data, trained.Key, 3);
        for (int k = 0; k < 3; k++)
            AssertSame(withKey.Incorrect.PerKey[k], metrics.PerKey[k]);
        Assert.Equal(3 * trained.Data.GetColumn<byte[]>("Label").Count(), told[^1]);
        Assert.Equal(told.Order().Distinct(), told);

        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _segmentation.EvaluateWrongKeys(
            trained.Load(), trained.Data, 3, progress: new Progress(_ => cancellation.Cancel()), cancellationToken: cancellation.Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => _segmentation.EvaluateWrongKeys(trained.Load(), trained.Data, 0));
        Assert.Contains("not protected", Assert.Throws<ArgumentException>(() => _segmentation.EvaluateWrongKeys(
            _segmentation.Unprotect(trained.Load(), trained.Key), trained.Data, 1)).Message);
    }

    [Fact]
    public void A_spread_is_that_of_a_sample()
    {
        // Mean 2.5; squares 2.25 + 0.25 + 0.25 + 2.25 = 5, over n - 1 = 3.
        Assert.Equal(new KeySpread(2.5, Math.Sqrt(5.0 / 3), 1, 4), KeySpread.Of([1, 4, 3, 2]));
        Assert.Equal(new KeySpread(7, 0, 7, 7), KeySpread.Of([7]));
    }

    [Fact]
    public void The_floors_are_worked_out_from_the_masks_alone()
    {
        // Background covers about nine tenths, so it is the best constant: IoU of the others is 0.
        AccessControlMetrics metrics = _segmentation.EvaluateAccessControl(trained.Transformer, trained.Data, trained.Key, 1, trainingData: trained.Data);
        byte[][] masks = [.. trained.Data.GetColumn<byte[]>("Label")];
        double background = masks.Sum(mask => mask.Count(value => value == 1)) / (double)masks.Sum(mask => mask.Count(value => value != 0));
        Assert.Equal(background / 3, metrics.BestConstantClass.MeanIntersectionOverUnion, 1e-12);

        long hits = 0, pixels = 0;
        for (int p = 0; p < masks[0].Length; p++)
        {
            int[] counts = new int[4];
            foreach (byte[] mask in masks)
                counts[mask[p]]++;
            hits += counts[1..].Max();
            pixels += counts[1..].Sum();
        }
        Assert.Equal(hits / (double)pixels, metrics.MostFrequentClassPerPixel!.PixelAccuracy, 1e-12);
    }

    [Fact]
    public void A_chain_is_evaluated_as_it_is()
    {
        var chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data).Append(trained.Transformer);
        AccessControlMetrics metrics = _segmentation.EvaluateAccessControl(chain, trained.Data, trained.Key, 1);
        AssertSame(_segmentation.Evaluate(trained.Transformer.Transform(trained.Data)), metrics.Correct);
        Assert.Contains("Correct key", metrics.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_of_encrypted_images_is_evaluated_plain_and_under_each_key(bool permuted)
    {
        var mlContext = new MLContext(seed: 1);
        var trainers = mlContext.Segmentation().Trainers;
        var chain = mlContext.Segmentation().Transforms.BlockwiseEncrypt(trained.Key, BlockTransformMethod.NegativePositive, 4)
            .Append(permuted ? trainers.Permuted(trained.Key, ColorPatches.Options(epochs: 1)) : trainers.Fcn(ColorPatches.Options(epochs: 1)));
        using var model = chain.Fit(ColorPatches.View(mlContext, 20));
        AccessControlMetrics metrics = _segmentation.EvaluateAccessControl(model, trained.Data, trained.Key, 2);
        AssertSame(_segmentation.Evaluate(model.Transform(trained.Data)), metrics.Correct);
        AssertSame(_segmentation.Evaluate(Locked(mlContext, model).Transform(trained.Data)), metrics.NoKey);
        Assert.Equal(2, metrics.Incorrect.PerKey.Count);
        using var wrong = PermutationKey.Generate();
        Assert.Throws<ArgumentException>(() => _segmentation.EvaluateAccessControl(model, trained.Data, wrong, 1));
    }

    [Fact]
    public void Bad_input_gives_one_clear_message()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _segmentation.EvaluateAccessControl(trained.Transformer, trained.Data, trained.Key, 0));
        using var wrong = PermutationKey.Generate();
        Assert.Contains("fingerprint", Assert.Throws<ArgumentException>(() => _segmentation.EvaluateAccessControl(trained.Transformer, trained.Data, wrong, 1)).Message);
        ITransformer other = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data);
        Assert.Throws<ArgumentException>(() => _segmentation.EvaluateAccessControl(other, trained.Data, trained.Key, 1));
        using var plain = trained.MLContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1)).Fit(ColorPatches.View(trained.MLContext, 12));
        Assert.Contains("not protected", Assert.Throws<ArgumentException>(() => _segmentation.EvaluateAccessControl(plain, trained.Data, trained.Key, 1)).Message);
        Assert.Throws<OperationCanceledException>(() => _segmentation.EvaluateAccessControl(trained.Transformer, trained.Data, trained.Key, 1, cancellationToken: new CancellationToken(canceled: true)));
    }

    private ITransformer Locked(MLContext mlContext, ITransformer model)
    {
        using var stream = new MemoryStream();
        mlContext.Model.Save(model, trained.Data.Schema, stream);
        stream.Position = 0;
        return mlContext.Model.Load(stream, out _);
    }

    private static void AssertSame(SegmentationMetrics expected, SegmentationMetrics actual)
        => Assert.Equal(expected.ConfusionMatrix.ToArray().Cast<long>(), actual.ConfusionMatrix.ToArray().Cast<long>());

    private sealed class Progress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
