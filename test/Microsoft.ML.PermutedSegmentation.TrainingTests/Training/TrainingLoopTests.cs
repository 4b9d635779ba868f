using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TrainingLoopTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [Theory]
    [InlineData("Basic")]
    [InlineData("Bottleneck")]
    public void A_batch_in_parts_is_one_step_down_the_mean_loss_of_all_its_pixels(string block)
    {
        // All images are alike and symmetric, so that neither order nor mirroring matters.
        PatchRow[] rows = [.. Enumerable.Repeat(Stripes(), 7)];
        var options = ColorPatches.Options(epochs: 1);
        (options.BatchSize, options.MicroBatchSize, options.Augmentation) = (7, 3, Augmentation.None);
        (options.LearningRate, options.WeightDecay) = (0.05, 0.01);
        options.ValidationSet = _mlContext.Data.LoadFromEnumerable(rows.Take(1));
        IDataView view = _mlContext.Data.LoadFromEnumerable(rows);
        NetworkLayout layout = SmallNetworks.Layout(block);

        using var random = new TrainingRandom(4);
        using var network = new TorchNetwork(layout, random.Generator);
        using (var state = new TrainingState(network, options))
        using (IChannel channel = ((IChannelProvider)_mlContext).Start("test"))
        {
            TrainingData data = TrainingData.Read(view, options, new Random(1), _ => { }, _ => { });
            TrainingPlan plan = TrainingPlan.Of(options, data.Training.Rows.Count, data.Training.Images.Sizes);
            new TrainingLoop(state, data, options, plan, pixelTransform: null, CPU, random, checkpoint: null, channel).Run();
        }

        using var same = new TrainingRandom(4);
        using var expected = new TorchNetwork(layout, same.Generator);
        same.StartEpoch(1); // the same dropout
        TakeStep(expected, [3, 2, 2], options);
        foreach (var (name, tensor) in expected.State)
            SmallNetworks.Difference(tensor, network.State[name]).Should().BeLessThan(1e-4, name);
    }

    [Fact]
    public void No_tensors_pile_up_from_epoch_to_epoch()
    {
        var counts = new List<long>();
        var options = ColorPatches.Options(epochs: 6);
        (options.BatchSize, options.MicroBatchSize, options.RestartPeriod) = (4, 2, 1);
        options.Progress = new Reports(report =>
        {
            if (report.Phase == TrainingPhase.EpochCompleted)
                counts.Add(Tensor.TotalCount);
        });
        _mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 20)).Dispose();
        // The first epoch makes the momenta and the copy of the best weights.
        Assert.True(counts[1..].Max() <= counts[1], string.Join(", ", counts));
    }

    // The same step in the words of torch: one loss, its mean over all pixels that count.
    private static void TakeStep(TorchNetwork network, int[] parts, PermutedSegmentationTrainer.Options options)
    {
        PatchRow row = Stripes();
        var image = new LabeledImage(RgbPixels.From(row.Image), row.Label, ColorPatches.Size, ColorPatches.Size);
        using var scope = NewDisposeScope();
        using var optimizer = optim.SGD(network.Parameters.Select(parameter => parameter.Value), options.LearningRate, options.Momentum, weight_decay: options.WeightDecay);
        network.Train();
        Tensor sum = zeros(1);
        foreach (int count in parts)
        {
            using LabeledBatch batch = LabeledBatch.Of(
                [.. Enumerable.Repeat((image, CropBox.Whole(image.Height, image.Width)), count)], ColorPatches.Size, ColorPatches.Size);
            sum = sum + nn.functional.cross_entropy(network.Forward(batch.Images), batch.Labels, ignore_index: -100, reduction: nn.Reduction.Sum);
        }
        (sum / (parts.Sum() * (long)row.Label.Count(label => label != 0))).backward();
        optimizer.step();
    }

    private static PatchRow Stripes()
    {
        const int Size = ColorPatches.Size;
        byte[] pixels = new byte[Size * Size * 4], mask = new byte[Size * Size];
        for (int p = 0; p < mask.Length; p++)
        {
            int band = p / Size / 8; // void, then classes 0 to 2
            mask[p] = (byte)band;
            (pixels[4 * p], pixels[4 * p + 1], pixels[4 * p + 3]) = ((byte)(80 * band), (byte)(p / Size * 7), 255);
        }
        return new PatchRow { Image = MLImage.CreateFromPixels(Size, Size, MLPixelFormat.Rgba32, pixels), Label = mask };
    }
}
