using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class MixedPrecisionTests
{
    // Narrow networks of random numbers, in which ReLUs flip and batch norm has few values, are the worst case: 0.81 for DeepLabV3, whose image pooling
    // normalises four values. The cosine of unrelated gradients would be near 0.
    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void Scores_and_gradients_are_nearly_those_of_single_precision(string kind)
    {
        (Tensor scores, Dictionary<string, Tensor> gradients) = Run(kind, mixed: false);
        (Tensor mixedScores, Dictionary<string, Tensor> mixedGradients) = Run(kind, mixed: true);
        Assert.Equal(ScalarType.Float32, mixedScores.dtype);
        Assert.InRange(SmallNetworks.Difference(scores, mixedScores), 1e-4, 0.3);
        Assert.All(mixedGradients.Values, gradient => Assert.Equal(ScalarType.Float32, gradient.dtype));
        using Tensor all = cat([.. gradients.Values.Select(value => value.reshape(-1))]), mixed = cat([.. mixedGradients.Values.Select(value => value.reshape(-1))]);
        double cosine = nn.functional.cosine_similarity(all, mixed, 0).ToDouble();
        Assert.InRange(cosine, 0.7, 1 - 1e-9);
    }

    [Fact]
    public void A_model_learns_and_is_of_single_precision()
    {
        double[] single = Train(mixed: false), mixed = Train(mixed: true);
        Assert.True(mixed[1] < mixed[0], $"{mixed[0]}, then {mixed[1]}");
        Assert.InRange(Math.Abs(single[0] - mixed[0]), 1e-6, 0.1);

        static double[] Train(bool mixed)
        {
            MLContext mlContext = CpuContext.Create(seed: 4);
            PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 2);
            var reports = new Reports();
            (options.MixedPrecision, options.Progress, options.BatchSize) = (mixed, reports, 4);
            using PermutedSegmentationTransformer model = mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 10));
            Assert.All(model.Network().State.Values, value => Assert.Equal(ScalarType.Float32, value.dtype));
            return [.. reports.All.Where(report => report.Phase == TrainingPhase.EpochCompleted).Select(report => report.TrainingLoss)];
        }
    }

    private static (Tensor Scores, Dictionary<string, Tensor> Gradients) Run(string kind, bool mixed)
    {
        NetworkLayout layout = SmallNetworks.Layout(kind);
        using var generator = new Generator(1);
        TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3), generator);
        (network.MixedPrecision, network.WithoutDropout) = (mixed, true);
        network.Train();
        Tensor scores = network.Forward(SmallNetworks.RandomImages(seed: 1, count: 4, height: 64, width: 64));
        scores.square().mean().backward();
        return (scores.detach(), network.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.grad!));
    }
}
