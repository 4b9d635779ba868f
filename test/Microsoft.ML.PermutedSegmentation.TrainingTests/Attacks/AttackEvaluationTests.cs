using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class AttackEvaluationTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    private readonly SegmentationCatalog _segmentation = new MLContext(seed: 3).Segmentation();

    [Fact]
    public void Without_training_an_attack_is_worth_what_evaluating_under_that_key_gives()
    {
        var options = new AttackOptions { Methods = [AttackMethod.NoKey, AttackMethod.PartlyRightKey], MisplacedShares = [0, 1] };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks(trained.Load(), trained.Data, trained.Data, trained.Key, options);
        Assert.Equal([AttackMethod.NoKey, AttackMethod.PartlyRightKey, AttackMethod.PartlyRightKey], results.Select(result => result.Method));

        AssertSame(_segmentation.Evaluate(trained.Load().Transform(trained.Data)), results[0]);
        // With no channel misplaced it is the right key.
        AssertSame(_segmentation.Evaluate(trained.Transformer.Transform(trained.Data)), results[1]);
        Assert.True(results[2].MeanIntersectionOverUnion < results[1].MeanIntersectionOverUnion);
        Assert.Equal([double.NaN, 0, 1], results.Select(result => result.MisplacedShare));
    }

    [Fact]
    public void Labelled_images_make_a_stolen_model_better()
    {
        var images = ColorPatches.View(trained.MLContext, 40, seed: 9);
        var options = new AttackOptions { Methods = [AttackMethod.NoKey, AttackMethod.FineTuneReaders, AttackMethod.FineTuneAll], ImageCounts = [100], Steps = 40, LeastEpochs = 0 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks(trained.Load(), images, trained.Data, trained.Key, options);
        double noKey = results[0].MeanIntersectionOverUnion;

        // 100 means all of the 40.
        Assert.Equal([0, 40, 40], results.Select(result => result.LabelledImages));
        AttackResult Of(AttackMethod method) => results.Single(result => result.Method == method);
        Assert.True(Of(AttackMethod.FineTuneAll).MeanIntersectionOverUnion > noKey + 0.1, string.Join('\n', results));
        Assert.True(Of(AttackMethod.FineTuneReaders).MeanIntersectionOverUnion > noKey, string.Join('\n', results));
    }

    [Fact]
    public void Each_training_is_tried_with_each_number_of_images()
    {
        var images = ColorPatches.View(trained.MLContext, 6, seed: 9);
        AttackMethod[] methods = [AttackMethod.FineTuneReaders, AttackMethod.FineTuneAll, AttackMethod.TrainFromScratch];
        var options = new AttackOptions { Methods = methods, ImageCounts = [2, 100], Steps = 1, LeastEpochs = 0 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks(trained.Load(), images, trained.Data, trained.Key, options);
        // 100 means all of the 6.
        Assert.Equal([2, 2, 2, 6, 6, 6], results.Select(result => result.LabelledImages));
        Assert.Equal([.. methods, .. methods], results.Select(result => result.Method));
    }

    [Fact]
    public void A_seed_gives_the_same_results_and_the_stolen_model_stays_as_it_is()
    {
        using var stolen = (IDisposable)trained.Load();
        byte[][] before = trained.LabelsOf((ITransformer)stolen);
        // Matching the statistics of all six maps takes long, and draws no random number.
        AttackMethod[] methods = [.. Enum.GetValues<AttackMethod>().Where(method => !$"{method}".Contains("Statistics"))];
        Assert.Equal(Attack(), Attack());
        Assert.Equal(before, trained.LabelsOf((ITransformer)stolen));

        double[] Attack() => [.. new MLContext(seed: 5).Segmentation()
            .EvaluateAttacks((ITransformer)stolen, trained.Data, trained.Data, trained.Key, new AttackOptions { Methods = methods, ImageCounts = [3], OracleQueries = [5], MisplacedShares = [0.5], Steps = 2, LeastEpochs = 0, Swaps = 3 })
            .Select(result => result.PixelAccuracy)];
    }

    [Fact]
    public void The_very_weights_that_are_protected_give_all_permutations_away()
    {
        using var plain = SegmentationWeights.Of(trained.Transformer);
        var options = new AttackOptions { Methods = [AttackMethod.PublicWeights], PublicWeights = plain };
        AttackResult result = Assert.Single(_segmentation.EvaluateAttacks(trained.Load(), trained.Data, trained.Data, trained.Key, options));
        Assert.Equal(0, result.MisplacedShare);
        AssertSame(_segmentation.Evaluate(trained.Transformer.Transform(trained.Data)), result);
    }

    [Fact]
    public void Public_weights_give_the_backbone_away_and_are_the_line_to_beat()
    {
        using var plain = SegmentationWeights.Of(trained.Transformer);
        AttackMethod[] methods = [AttackMethod.PublicWeightsThenFineTuneReaders, AttackMethod.FineTunePublicWeights];
        var options = new AttackOptions { Methods = methods, PublicWeights = plain, ImageCounts = [8], Steps = 1, LeastEpochs = 0, FineTuningRate = 1e-9 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks(trained.Load(), trained.Data, trained.Data, trained.Key, options);
        Assert.Equal(methods, results.Select(result => result.Method));
        // Hardly trained, both are the owner's own weights.
        double right = _segmentation.Evaluate(trained.Transformer.Transform(trained.Data)).PixelAccuracy;
        Assert.Equal(right, results[0].PixelAccuracy, 0.01);
        Assert.True(results[1].PixelAccuracy > 0.8 * right, $"{results[1]} {right}");
        options.PublicWeights = null;
        Assert.Empty(_segmentation.EvaluateAttacks(trained.Load(), trained.Data, trained.Data, trained.Key, options));
    }

    // Of what it learns from there are no masks but those that it asks for.
    [Fact]
    public void Whoever_may_ask_an_unlocked_copy_learns_what_it_does()
    {
        var images = trained.MLContext.Data.LoadFromEnumerable(ColorPatches.Create(40, seed: 9).Select(row => new PatchRow { Image = row.Image, Label = new byte[row.Label.Length], Name = row.Name }));
        var options = new AttackOptions { Methods = [AttackMethod.NoKey, AttackMethod.OracleDistillation], OracleQueries = [80], Steps = 40, LeastEpochs = 0 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks(trained.Load(), images, trained.Data, trained.Key, options);
        Assert.Equal(80, results[1].LabelledImages);
        Assert.True(results[1].MeanIntersectionOverUnion > results[0].MeanIntersectionOverUnion + 0.1, string.Join('\n', results));
    }

    [Fact]
    public void A_sealed_file_is_worth_no_more_than_random_weights()
    {
        using var sealedModel = (IDisposable)_segmentation.Protect(_segmentation.Unprotect(trained.Transformer, trained.Key), trained.Key, new ProtectionOptions { Seal = true });
        using var plain = SegmentationWeights.Of(trained.Transformer);
        AttackMethod[] methods = [.. Enum.GetValues<AttackMethod>().Except([AttackMethod.ActivationStatistics, AttackMethod.StatisticsThenFineTuneReaders, AttackMethod.OracleDistillation])];
        var options = new AttackOptions { Methods = methods, PublicWeights = plain, ImageCounts = [3], Steps = 2, LeastEpochs = 0, Swaps = 3 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks((ITransformer)sealedModel, trained.Data, trained.Data, trained.Key, options);
        // The very weights that are sealed do not tell one channel: those that are in place are there by chance, one of each map.
        Assert.InRange(results.Single(result => result.Method == AttackMethod.PublicWeights).MisplacedShare, 0.98, 1);
        double right = _segmentation.Evaluate(trained.Transformer.Transform(trained.Data)).MeanIntersectionOverUnion;
        Assert.All(results.Where(result => result.Method is not (AttackMethod.TrainFromScratch or AttackMethod.FineTunePublicWeights)),
            result => Assert.True(result.MeanIntersectionOverUnion < 0.7 * right, $"{result} {right}"));
        Assert.DoesNotContain(results, result => result.Method == AttackMethod.PartlyRightKey || double.IsNaN(result.MeanIntersectionOverUnion));
        Assert.True(_segmentation.IsUnlocked((ITransformer)sealedModel));
    }

    [Theory]
    [InlineData(AttackMethod.GreedySwaps)]
    [InlineData(AttackMethod.RelaxedPermutation)]
    public void Labelled_images_find_an_order_that_labels_them_better(AttackMethod method)
    {
        using var model = (IDisposable)_segmentation.Protect(_segmentation.Unprotect(trained.Transformer, trained.Key), trained.Key, FeatureMaps.Head);
        var options = new AttackOptions { Methods = [AttackMethod.NoKey, method], ImageCounts = [16], Steps = 60, LeastEpochs = 0, Swaps = 4000 };
        IReadOnlyList<AttackResult> results = _segmentation.EvaluateAttacks((ITransformer)model, trained.Data, trained.Data, trained.Key, options);
        Assert.True(results[1].PixelAccuracy > results[0].PixelAccuracy, $"{results[0]}, {results[1]}");
        Assert.InRange(results[1].MisplacedShare, 0, 1);
    }

    [Fact]
    public void Attacks_leave_no_tensors_behind()
    {
        var options = new AttackOptions { Methods = [AttackMethod.ActivationStatistics], StatisticsImages = 16 };
        IDataView images = trained.Data;
        using var model = (IDisposable)_segmentation.Protect(_segmentation.Unprotect(trained.Transformer, trained.Key), trained.Key, FeatureMaps.Stem);
        var stolen = (ITransformer)model;
        _segmentation.EvaluateAttacks(stolen, images, images, trained.Key, options);
        long before = SmallNetworks.LiveTensors;
        _segmentation.EvaluateAttacks(stolen, images, images, trained.Key, options);
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void A_training_of_one_image_whose_last_map_is_one_cell_is_refused()
    {
        using SegmentationWeights weights = SegmentationWeights.Of(trained.Transformer);
        using PermutedSegmentationTransformer plain = _segmentation.CreateModel(weights, ["a", "b", "c"], 32, 32, outputStride: 32);
        using var model = (IDisposable)_segmentation.Protect(plain, trained.Key);
        var options = new AttackOptions { Methods = [AttackMethod.FineTuneAll], BatchSize = 1 };
        Assert.Contains("batch normalisation", Assert.Throws<ArgumentException>(
            () => _segmentation.EvaluateAttacks((ITransformer)model, trained.Data, trained.Data, trained.Key, options)).Message);
    }

    [Fact]
    public void Nothing_to_attack_and_wrong_arguments_are_refused()
    {
        using PermutationKey other = PermutationKey.Generate();
        Assert.Contains("fingerprint", Assert.Throws<WrongKeyException>(() => Attack(trained.Transformer, other)).Message);
        using var plain = (IDisposable)_segmentation.Unprotect(trained.Transformer, trained.Key);
        Assert.Contains("No feature map", Assert.Throws<ArgumentException>(() => Attack((ITransformer)plain, trained.Key)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Attack(trained.Transformer, trained.Key, new AttackOptions { ImageCounts = [0] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attack(trained.Transformer, trained.Key, new AttackOptions { Methods = [(AttackMethod)99] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attack(trained.Transformer, trained.Key, new AttackOptions { MisplacedShares = [1.1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attack(trained.Transformer, trained.Key, new AttackOptions { FineTuningRate = double.NaN }));
        Assert.Throws<OperationCanceledException>(() => Attack(trained.Transformer, trained.Key, new AttackOptions { CancellationToken = new(canceled: true) }));

        void Attack(ITransformer model, PermutationKey key, AttackOptions? options = null) =>
            _segmentation.EvaluateAttacks(model, trained.Data, trained.Data, key, options);
    }

    private static void AssertSame(SegmentationMetrics expected, AttackResult actual)
    {
        Assert.Equal(expected.MeanIntersectionOverUnion, actual.MeanIntersectionOverUnion);
        Assert.Equal(expected.MeanImageIntersectionOverUnion, actual.MeanImageIntersectionOverUnion);
        Assert.Equal(expected.PixelAccuracy, actual.PixelAccuracy);
    }
}
