using Microsoft.ML.PermutedSegmentation.Distribution;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Computes a <see cref="SegmentationLoss"/>.</summary>
internal sealed class LossFunction : IDisposable
{
    // Keeps the gradient of a class with next to no pixels finite.
    private const double DiceSmoothing = 1;

    private readonly SegmentationLoss _loss;
    private readonly IProcessGroup? _group;
    private readonly Tensor? _weights;

    /// <param name="loss">What it is made of.</param>
    /// <param name="pixels">How many pixels of the training masks each class has.</param>
    /// <param name="device">Where scores and labels are.</param>
    /// <param name="group">Processes that have other images of the same batch; null: there are none.</param>
    public LossFunction(SegmentationLoss loss, ReadOnlySpan<long> pixels, Device device, IProcessGroup? group = null)
    {
        (_loss, _group) = (loss, group);
        _weights = loss.WeightsOf(pixels) is { } weights
            ? tensor([.. weights.Select(weight => (float)weight)], device: device).DetachFromDisposeScope()
            : null;
    }

    /// <summary>The loss of images that went through the network together: as a sum, since it is not known yet how many others are in their batch.</summary>
    /// <param name="scores">[N, classes, H, W].</param>
    /// <param name="batch">The images and their labels.</param>
    /// <returns>A scalar that gradients go through; and this process's share of the sum, with what to divide it by, the sum of the pixels' weights.</returns>
    public (Tensor Sum, LossSum Share) Of(Tensor scores, LabeledBatch batch)
    {
        double weight = WeightOf(batch), number = 0;
        Tensor? sum = null;
        if (_loss.CrossEntropy > 0)
        {
            sum = CrossEntropy(scores, batch.Labels).Times(_loss.CrossEntropy);
            number = sum.Number();
        }
        if (_loss.Dice > 0)
        {
            double all = _group is null ? weight : _group.Sum(weight)[0];
            Tensor dice = Dice(scores, batch.Labels).Times(_loss.Dice * all);
            // Each process has the Dice loss of all images, and the gradient of its own.
            number += dice.Number() / (_group?.Size ?? 1);
            sum = sum is null ? dice : sum.Plus(dice);
        }
        return (sum!, new LossSum(number, weight));
    }

    /// <inheritdoc/>
    public void Dispose() => _weights?.Dispose();

    private double WeightOf(LabeledBatch batch)
    {
        if (_weights is null)
            return batch.CountedPixels;
        using var scope = NewDisposeScope();
        Tensor labels = batch.Labels.reshape(-1);
        return _weights[labels[labels.IsNot(TensorLabels.Void)]].sum(type: ScalarType.Float64).Number();
    }

    private Tensor CrossEntropy(Tensor scores, Tensor labels)
    {
        if (_loss.FocalGamma == 0)
            return nn.functional.cross_entropy(scores, labels, _weights, TensorLabels.Void, nn.Reduction.Sum, _loss.LabelSmoothing);
        Tensor perPixel = nn.functional.cross_entropy(scores, labels, _weights, TensorLabels.Void, nn.Reduction.None, _loss.LabelSmoothing);
        Tensor plain = _weights is null && _loss.LabelSmoothing == 0
            ? perPixel
            : nn.functional.cross_entropy(scores, labels, ignore_index: TensorLabels.Void, reduction: nn.Reduction.None);
        // 1 - exp(-x) without loss of digits near 0, where the power has no finite slope if the exponent is below 1.
        return perPixel.mul(plain.neg().expm1().neg().AtLeast(1e-12).Power(_loss.FocalGamma)).sum();
    }

    private Tensor Dice(Tensor scores, Tensor labels)
    {
        Tensor counts = labels.IsNot(TensorLabels.Void).unsqueeze(1);
        Tensor truth = nn.functional.one_hot(labels.AtLeast(0L), scores.shape[1]).permute(0, 3, 1, 2).logical_and(counts);
        Tensor probabilities = scores.softmax(1) * counts;
        long[] pixels = [0, 2, 3];
        Tensor overlap = OfAll((probabilities * truth).sum(pixels)), size = OfAll(truth.sum(pixels, type: scores.dtype)), all = OfAll(probabilities.sum(pixels)).Plus(size);
        Tensor loss = overlap.Times(2).Plus(DiceSmoothing).div(all.Plus(DiceSmoothing)).neg().Plus(1);
        Tensor occurs = size.to(ScalarType.Bool);
        return (loss * occurs).sum() / occurs.sum().AtLeast(1L);
    }

    // With what the other processes have, through which no gradient of this one goes.
    private Tensor OfAll(Tensor perClass)
    {
        if (_group is null)
            return perClass;
        using Tensor flat = perClass.detach().to(ScalarType.Float64).cpu();
        double[] own = flat.data<double>().ToArray();
        double[] others = [.. _group.Sum(own).Zip(own, (sum, part) => sum - part)];
        return perClass.Plus(tensor([.. others.Select(value => (float)value)], device: perClass.device));
    }
}
