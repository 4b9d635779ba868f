using Microsoft.ML.PermutedSegmentation.Distribution;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Against PyTorch 1.13: <c>cross_entropy</c> with its arguments, and the focal and Dice losses written in Python from their papers' equations.</summary>
public sealed class LossFunctionTests
{
    private const int Count = 2, Classes = 3, Height = 4, Width = 5;

    // How many pixels each class has, out of 32 that are not void.
    private static readonly long[] Pixels = [16, 8, 8];

    /// <summary>The loss, its gradient at the first score of all, and the norm of the gradient.</summary>
    public static TheoryData<string, SegmentationLoss, double, double, double> Expected => new()
    {
        { "plain", SegmentationLoss.PlainCrossEntropy, 1.924105392, -0.015183103, 0.175226469 },
        { "class weights", new() { ClassWeights = [0.5, 1, 3] }, 1.314001905, -0.006073241, 0.173251324 },
        { "balanced by square roots", new(), 1.797396261, -0.012578094, 0.164726781 },
        { "class weights and smooth labels", new() { ClassWeights = [0.5, 1, 3], LabelSmoothing = 0.1 }, 1.402656066, -0.003954556, 0.161604991 },
        { "focal", new() { ClassBalance = 0, FocalGamma = 2 }, 1.536925635, -0.008630415, 0.179417188 },
        { "focal with class weights", new() { ClassWeights = [0.5, 1, 3], FocalGamma = 1.5 }, 0.922283150, -0.004228670, 0.146352527 },
        { "Dice", new() { CrossEntropy = 0, Dice = 1 }, 0.648128712, -0.007861983, 0.043168021 },
        { "cross-entropy and Dice", new() { ClassBalance = 0, Dice = 0.5 }, 2.248169748, -0.019114095, 0.188933481 },
    };

    [Theory]
    [MemberData(nameof(Expected))]
    public void Loss_and_gradient_are_those_of_PyTorch(string name, SegmentationLoss loss, double expected, double firstGradient, double gradientNorm)
    {
        using var scope = NewDisposeScope();
        using var function = new LossFunction(loss, Pixels, CPU);
        Tensor scores = Scores();
        (Tensor sum, LossSum share) = function.Of(scores, Batch());
        (sum / share.Weight).backward();
        (sum.ToDouble() / share.Weight).Should().BeApproximately(expected, 2e-6, name);
        share.Mean.Should().BeApproximately(expected, 2e-6, name);
        scores.grad![0, 0, 0, 0].ToDouble().Should().BeApproximately(firstGradient, 1e-7, name);
        scores.grad!.norm().ToDouble().Should().BeApproximately(gradientNorm, 1e-6, name);
    }

    [Fact]
    public void Processes_have_shares_of_the_loss_and_gradient_of_all_images()
    {
        using var scope = NewDisposeScope();
        var loss = new SegmentationLoss { CrossEntropy = 0.7, Dice = 1.3, LabelSmoothing = 0.1, ClassWeights = [1, 2, 3] };
        using var function = new LossFunction(loss, Pixels, CPU);
        Tensor scores = Scores();
        (Tensor sum, LossSum all) = function.Of(scores, Batch());
        sum.backward();

        (LossSum Share, float[] Gradient)[] shares = ProcessGroups.Run(2, group =>
        {
            using var own = NewDisposeScope();
            using var part = new LossFunction(loss, Pixels, CPU, group);
            var images = ImageShare.Of(Count, group);
            Tensor ownScores = Scores().detach().narrow(0, images.First, images.Count).clone().requires_grad_();
            LabeledBatch batch = Batch();
            Tensor labels = batch.Labels.narrow(0, images.First, images.Count);
            (Tensor ownSum, LossSum share) = part.Of(ownScores, new LabeledBatch(batch.Images, labels, labels.ne(-100).sum().ToInt64()));
            ownSum.backward();
            return (share, ownScores.grad!.data<float>().ToArray());
        });
        (shares[0].Share + shares[1].Share).Mean.Should().BeApproximately(all.Mean, 1e-6);
        float[] expected = scores.grad!.data<float>().ToArray(), actual = [.. shares[0].Gradient, .. shares[1].Gradient];
        expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-5f * expected.Max(Math.Abs));
    }

    [Fact]
    public void Void_pixels_have_no_gradient()
    {
        using var scope = NewDisposeScope();
        using var function = new LossFunction(new SegmentationLoss { Dice = 1, FocalGamma = 2, LabelSmoothing = 0.1 }, Pixels, CPU);
        Tensor scores = Scores();
        LabeledBatch batch = Batch();
        function.Of(scores, batch).Sum.backward();
        Tensor isVoid = batch.Labels.eq(-100).unsqueeze(1).expand(Count, Classes, Height, Width);
        Assert.Equal(0, scores.grad![isVoid].abs().max().ToDouble());
    }

    [Fact]
    public void A_class_that_training_has_not_counts_as_the_rarest_in_validation() =>
        Assert.Equal([Math.Sqrt(1 / 0.75) / Mean, 2 / Mean, 2 / Mean], new SegmentationLoss().WeightsOf([75, 25, 0])!, (a, b) => Math.Abs(a - b) < 1e-12);

    [Fact]
    public void Equal_weights_for_all_pixels_or_for_all_classes()
    {
        Assert.Null(SegmentationLoss.PlainCrossEntropy.WeightsOf([75, 25]));
        Assert.Equal([0.5 / 0.75, 0.5 / 0.25], new SegmentationLoss { ClassBalance = 1 }.WeightsOf([75, 25])!, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    // sqrt(0.75) + sqrt(0.25)
    private static double Mean => Math.Sqrt(0.75) + 0.5;

    private static Tensor Scores() => tensor([.. Places().Select(place => (float)(2 * Math.Sin(1 + place.N * 7 + place.C * 3.1 + place.Y * 1.7 + place.X * 0.9)))])
        .reshape(Count, Classes, Height, Width).requires_grad_();

    private static IEnumerable<(int N, int C, int Y, int X)> Places() =>
        from n in Enumerable.Range(0, Count) from c in Enumerable.Range(0, Classes) from y in Enumerable.Range(0, Height) from x in Enumerable.Range(0, Width) select (n, c, y, x);

    private static LabeledBatch Batch()
    {
        long[] classes = [0, 1, 2, -100, 0];
        long[] labels = [.. Places().Where(place => place.C == 0).Select(place => classes[(place.N + 2 * place.Y + place.X) % 5])];
        return new LabeledBatch(empty(0), tensor(labels).reshape(Count, Height, Width), labels.Count(label => label >= 0));
    }
}
