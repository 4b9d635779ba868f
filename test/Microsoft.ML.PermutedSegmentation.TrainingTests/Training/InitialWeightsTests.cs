using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class InitialWeightsTests(UnprotectedModel initial) : IClassFixture<UnprotectedModel>, IDisposable
{
    private readonly MLContext _mlContext = CpuContext.Create(seed: 8);
    private readonly SegmentationWeights _weights = SegmentationWeights.Of(initial.Transformer);

    public void Dispose() => _weights.Dispose();

    [Fact]
    public void Training_goes_on_from_the_loss_that_the_given_model_has()
    {
        double FirstLoss(SegmentationWeights? given)
        {
            var reports = new Reports();
            var options = ColorPatches.Options(epochs: 1);
            (options.InitialWeights, options.Progress) = (given, reports);
            Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 12)).Dispose();
            return reports.All.First(report => report.Phase == TrainingPhase.Training).TrainingLoss;
        }

        double random = FirstLoss(given: null), trained = FirstLoss(_weights);
        trained.Should().BeLessThan(0.5 * random);
    }

    [Fact]
    public void The_given_model_stays_as_it_is()
    {
        string[] State() => [.. initial.Transformer.Network().State.Values.Select(tensor => Convert.ToHexString(SHA256.HashData(tensor.bytes)))];

        string[] before = State();
        var options = ColorPatches.Options(epochs: 1);
        options.InitialWeights = _weights;
        using var model = Trainers.Permuted(initial.Key, options).Fit(ColorPatches.View(_mlContext, 12));
        Assert.Equal(before, State());
        // It did learn, from its own copy.
        Assert.Contains("backbone.conv1.weight", Changed(initial.Transformer, model));
    }

    [Fact]
    public void Given_weights_are_plain_ones_by_default()
    {
        // A protected model that is unlocked has plain weights, too; and no weight depends on the output stride.
        using var unlocked = _mlContext.Segmentation().Protect(initial.Transformer, initial.Key);
        using SegmentationWeights given = SegmentationWeights.Of(unlocked);
        var options = WithoutLearning(FeatureMaps.All);
        (options.InitialWeights, options.OutputStride) = (given, 16);
        using var model = Trainers.Permuted(initial.Key, options).Fit(ColorPatches.View(_mlContext, 12));
        Assert.Empty(Changed(initial.Transformer, model));
        using PermutedSegmentationTransformer locked = initial.SaveAndLoad(model);
        Assert.Equal(ReadersOfAllMaps, Changed(initial.Transformer, locked));
    }

    [Fact]
    public void Read_through_the_permutation_given_weights_are_the_stored_ones()
    {
        var options = WithoutLearning(FeatureMaps.All);
        (options.InitialWeights, options.ReadInitialWeightsThroughPermutation) = (_weights, true);
        using var model = Trainers.Permuted(initial.Key, options).Fit(ColorPatches.View(_mlContext, 12));
        using PermutedSegmentationTransformer locked = initial.SaveAndLoad(model);
        Assert.Empty(Changed(initial.Transformer, locked));
        Assert.Equal(ReadersOfAllMaps, Changed(initial.Transformer, model));
    }

    [Fact]
    public void Read_through_the_permutation_random_weights_are_the_stored_ones()
    {
        using var random = Trainers.Fcn(WithoutLearning()).Fit(ColorPatches.View(_mlContext, 12));
        var options = WithoutLearning(FeatureMaps.Stage2 | FeatureMaps.Head);
        options.ReadInitialWeightsThroughPermutation = true;
        using var model = Trainers.Permuted(initial.Key, options).Fit(ColorPatches.View(_mlContext, 12));
        using PermutedSegmentationTransformer locked = initial.SaveAndLoad(model);
        Assert.Empty(Changed(random, locked));
        Assert.Equal(["backbone.layer3.0.conv1.weight", "backbone.layer3.0.downsample.0.weight", "classifier.4.weight"], Changed(random, model));
    }

    [Theory]
    [InlineData("Basic", FeatureMaps.All)]
    [InlineData("Basic", FeatureMaps.Stem)]
    [InlineData("Bottleneck", FeatureMaps.All)]
    public void The_plain_network_read_through_the_permutation_is_the_papers_literal_one(string block, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout(block);
        using var given = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 1));
        using var network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 2));
        var permutations = RandomPermutations.For(layout, maps, seed: 3);
        InitialWeights.Take(network, given.State);
        Assert.All(network.State, entry => Assert.Equal(given.State[entry.Key].bytes.ToArray(), entry.Value.bytes.ToArray()));
        LiteralStart.ReadThroughPermutation(network, new WeightProtection(layout, permutations));

        using var inference = inference_mode();
        Tensor images = SmallNetworks.RandomImages(seed: 4);
        Tensor literal = LiteralNetwork.Forward(given, permutations, images);
        SmallNetworks.Difference(literal, network.Forward(images)).Should().BeLessThan(1e-4);
        SmallNetworks.Difference(literal, given.Forward(images)).Should().BeGreaterThan(0.1);
    }

    [Fact]
    public void With_another_number_of_classes_only_the_last_layer_starts_random()
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(ColorPatches.Create(12).Select(row => new FiveClassRow { Image = row.Image, Label = row.Label }));
        using var random = Trainers.Fcn(WithoutLearning()).Fit(rows);
        var options = WithoutLearning();
        options.InitialWeights = _weights;
        using var model = Trainers.Fcn(options).Fit(rows);

        Assert.Equal(5, model.ClassNames.Count);
        IReadOnlyDictionary<string, Tensor> state = model.Network().State;
        foreach (string name in (string[])["classifier.4.weight", "classifier.4.bias"])
        {
            Assert.Equal(5, state[name].shape[0]);
            Assert.Equal(random.Network().State[name].bytes.ToArray(), state[name].bytes.ToArray());
        }
        Assert.Equal(["classifier.4.weight", "classifier.4.bias"], Changed(initial.Transformer, model));
    }

    [Fact]
    public void From_a_ResNet_alone_the_whole_classifier_starts_random()
    {
        using var folder = new TempFolder();
        using var given = SegmentationWeights.Load(StateDict.Write(folder.At("resnet18.safetensors"), TorchvisionFixture.BareResNet18()));
        using var random = Trainers.Fcn(WithoutLearning()).Fit(ColorPatches.View(_mlContext, 12));
        var options = WithoutLearning();
        options.InitialWeights = given;
        using var model = Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 12));

        string[] changed = Changed(random, model);
        Assert.NotEmpty(changed);
        Assert.All(changed, name => Assert.StartsWith("backbone.", name));
        foreach ((string name, Tensor value) in model.Network().State.Where(entry => entry.Key.StartsWith("backbone.") && !entry.Key.Contains(".running_")))
            Assert.Equal(FormulaWeights.Of(name["backbone.".Length..], value.shape), value.bytes.ToArray());
    }

    [Fact]
    public void The_same_seed_gives_the_same_scores_bit_for_bit()
    {
        float[][] TrainAndScore()
        {
            var options = ColorPatches.Options(epochs: 1);
            options.InitialWeights = _weights;
            using var model = CpuContext.Create(seed: 3).Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 12));
            return initial.ScoresOf(model);
        }

        Assert.Equal(TrainAndScore(), TrainAndScore());
    }

    [Fact]
    public void A_locked_model_is_refused()
    {
        using var model = _mlContext.Segmentation().Protect(initial.Transformer, initial.Key);
        using PermutedSegmentationTransformer locked = initial.SaveAndLoad(model);
        using SegmentationWeights stored = SegmentationWeights.Of(locked);
        var options = ColorPatches.Options();
        options.InitialWeights = stored;
        var exception = Assert.Throws<ArgumentException>(() => Trainers.Fcn(options));
        Assert.Equal("InitialWeights", exception.ParamName);
        Assert.Contains("Unlock", exception.Message);
    }

    [Fact]
    public void A_model_of_another_backbone_is_refused()
    {
        var options = ColorPatches.Options();
        (options.InitialWeights, options.Backbone) = (_weights, Backbone.ResNet34);
        FluentActions.Invoking(() => Trainers.Fcn(options)).Should().Throw<ArgumentException>()
            .WithMessage("The initial weights are of ResNet18, but Backbone is ResNet34: choose the backbone ResNet18, or weights of ResNet34.*");
    }

    [Fact]
    public void Without_a_key_there_is_no_permutation_to_read_through()
    {
        var options = ColorPatches.Options();
        options.ReadInitialWeightsThroughPermutation = true;
        Assert.Equal("ReadInitialWeightsThroughPermutation", Assert.Throws<ArgumentException>(() => Trainers.Fcn(options)).ParamName);
    }

    [Fact]
    public void Disposed_weights_are_refused_before_the_training()
    {
        SegmentationWeights given = SegmentationWeights.Of(initial.Transformer);
        var reports = new Reports();
        var options = ColorPatches.Options();
        (options.InitialWeights, options.Progress) = (given, reports);
        var trainer = Trainers.Fcn(options);
        given.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.Fit(ColorPatches.View(_mlContext, 12)));
        Assert.DoesNotContain(reports.All, report => report.Phase == TrainingPhase.Training);
    }

    // What Fig. 3's six maps are read with in a ResNet of basic blocks, and what writes the order of map 1 on the way to map 2.
    private static readonly string[] ReadersOfAllMaps =
    [
        "backbone.layer1.0.conv1.weight", "backbone.layer1.0.conv2.weight", "backbone.layer1.0.bn2.weight", "backbone.layer1.0.bn2.bias",
        "backbone.layer1.1.conv1.weight", "backbone.layer1.1.conv2.weight", "backbone.layer1.1.bn2.weight", "backbone.layer1.1.bn2.bias",
        "backbone.layer2.0.conv1.weight", "backbone.layer2.0.downsample.0.weight",
        "backbone.layer3.0.conv1.weight", "backbone.layer3.0.downsample.0.weight",
        "backbone.layer4.0.conv1.weight", "backbone.layer4.0.downsample.0.weight",
        "classifier.0.weight", "classifier.4.weight",
    ];

    private SegmentationTrainersCatalog Trainers => _mlContext.Segmentation().Trainers;

    // In single precision the learning rate is zero. Batch norm statistics still follow the images.
    private static PermutedSegmentationTrainer.Options WithoutLearning(FeatureMaps maps = FeatureMaps.Head)
    {
        var options = ColorPatches.Options(epochs: 1);
        (options.LearningRate, options.MinimumLearningRate, options.WeightDecay, options.FeatureMaps) = (1e-300, 0, 0, maps);
        return options;
    }

    // What learning changes, and has changed between two networks.
    private static string[] Changed(PermutedSegmentationTransformer before, PermutedSegmentationTransformer after)
    {
        IReadOnlyDictionary<string, Tensor> expected = before.Network().State;
        return [.. after.Network().State
            .Where(entry => !entry.Key.Contains(".running_", StringComparison.Ordinal) && !entry.Value.bytes.SequenceEqual(expected[entry.Key].bytes))
            .Select(entry => entry.Key)];
    }

    private sealed class FiveClassRow
    {
        [ImageType(ColorPatches.Size, ColorPatches.Size)]
        public MLImage Image { get; set; } = null!;

        [VectorType(ColorPatches.Size, ColorPatches.Size), KeyType(5)]
        public byte[] Label { get; set; } = [];
    }
}
