using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A training on the attacker's images: a number of steps whatever the number of images, so that few images are not fewer
/// steps, with the augmentation of the trainer. Nothing is held out to choose an epoch: few images leave none.
/// </summary>
internal sealed class FineTuning(AttackOptions options, ModelDescription model, Device device)
{
    private const double LastRate = 0.0001;
    private const double Momentum = 0.9;
    private const double WeightDecay = 0.0005;
    private const double MinimumCropArea = 0.75;

    /// <summary>Trains a network.</summary>
    /// <param name="network">The network, which is left in evaluation mode.</param>
    /// <param name="images">What it learns from.</param>
    /// <param name="only">The parameters that change, with batch norm as it is and without dropout; null for all, as the trainer does it.</param>
    /// <param name="rate">The learning rate at the start.</param>
    /// <param name="random">Where order and augmentation come from.</param>
    public void Run(FcnNetwork network, IReadOnlyList<LabeledImage> images, IReadOnlySet<string>? only, double rate, Random random)
    {
        network.train(only is null);
        foreach ((string name, Parameter parameter) in network.named_parameters())
            parameter.requires_grad = only?.Contains(name) ?? true;
        int steps = Math.Max(options.Steps, options.LeastEpochs * images.Count / options.BatchSize);
        using SGD optimizer = optim.SGD(network.parameters().Where(parameter => parameter.requires_grad), rate, Momentum, weight_decay: WeightDecay);
        var schedule = new CosineAnnealingWithWarmRestarts(rate, Math.Min(LastRate, rate), steps);
        using IEnumerator<LabeledImage> next = Shuffled(images, random).GetEnumerator();
        for (int step = 0; step < steps; step++)
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using LabeledBatch batch = DrawBatch(next, random).To(device);
            if (batch.CountedPixels == 0)
                continue;
            Tensor loss = nn.functional.cross_entropy(network.forward(batch.Images), batch.Labels, ignore_index: ImageTensors.Void);
            optimizer.zero_grad();
            loss.backward();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = schedule.At(step);
            optimizer.step();
        }
        network.eval();
    }

    private LabeledBatch DrawBatch(IEnumerator<LabeledImage> next, Random random)
    {
        var crop = new RandomResizedCrop(MinimumCropArea);
        var samples = new List<(LabeledImage, CropBox)>();
        while (samples.Count < options.BatchSize && next.MoveNext())
            samples.Add((next.Current, crop.Draw(next.Current.Height, next.Current.Width, random)));
        return LabeledBatch.Of(samples, model.ImageHeight, model.ImageWidth);
    }

    // Each image once before any comes again.
    private static IEnumerable<LabeledImage> Shuffled(IReadOnlyList<LabeledImage> images, Random random)
    {
        LabeledImage[] order = [.. images];
        while (true)
        {
            random.Shuffle(order);
            foreach (LabeledImage image in order)
                yield return image;
        }
    }
}
