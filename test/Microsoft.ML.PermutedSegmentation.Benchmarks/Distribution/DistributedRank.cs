using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Distribution;

/// <summary>One process of a measured training; the first one prints its times as a line of numbers.</summary>
internal static class DistributedRank
{
    public const string Name = "distributed-rank", Prefix = "measured ";

    public const int Size = 256;

    private const int Classes = 21, Epochs = 3;

    /// <param name="images">How many are learned from.</param>
    /// <param name="batch">How many make a step.</param>
    /// <param name="synchronize">Whether batch norm takes the statistics of all.</param>
    public static int Run(int images, int batch, bool synchronize)
    {
        using var group = MpiProcessGroup.Start();
        var steps = new List<double>();
        TimeSpan? last = null, epochStart = null;
        var epochs = new List<double>();
        string sums = "";
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, message) => sums = message.RawMessage.StartsWith("Sums of gradients", StringComparison.Ordinal) ? message.RawMessage : sums;
        var options = new PermutedSegmentationTrainer.Options
        {
            Backbone = Backbone.ResNet18,
            ImageHeight = Size,
            ImageWidth = Size,
            Epochs = Epochs,
            BatchSize = batch,
            MicroBatchSize = batch,
            InputWorkers = 1,
            ProcessGroup = group,
            SynchronizeBatchNorm = synchronize,
            ValidationSet = Rows(mlContext, batch, seed: 2),
            Progress = new Told(progress =>
            {
                // The first epoch warms up.
                if (progress is { Phase: TrainingPhase.Training, Epoch: > 1 })
                {
                    if (last is { } before && progress.Step > 1)
                        steps.Add((progress.Elapsed - before).TotalSeconds);
                    last = progress.Elapsed;
                }
                if (progress.Phase == TrainingPhase.EpochCompleted)
                {
                    if (epochStart is { } start)
                        epochs.Add((progress.Elapsed - start).TotalSeconds);
                    epochStart = progress.Elapsed;
                }
            }),
        };
        using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(Rows(mlContext, images, seed: 1));
        double parameters = NetworkLayout.For(SegmentationNetwork.Fcn, Backbone.ResNet18, options.OutputStride, Classes).Parameters
            .Where(parameter => parameter.IsLearned).Sum(parameter => parameter.Shape.Aggregate(1L, (all, side) => all * side)) * sizeof(float) / 1e6;
        if (group.Rank == 0)
            Console.WriteLine(FormattableString.Invariant($"{Prefix}{steps.Order().ElementAt(steps.Count / 2)} {epochs.Average()} {parameters} {Process.GetCurrentProcess().WorkingSet64 / 1e6:F0}|{sums}"));
        return 0;
    }

    // Pictures of rectangles: what is in them does not matter.
    private static IDataView Rows(MLContext mlContext, int count, int seed)
    {
        var random = new Random(seed);
        return mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ => Draw(random)).ToList());
    }

    private static Row Draw(Random random)
    {
        byte[] pixels = new byte[4 * Size * Size], mask = new byte[Size * Size];
        random.NextBytes(pixels);
        int side = Size / 2, top = random.Next(side), left = random.Next(side), kind = random.Next(1, Classes);
        for (int p = 0; p < mask.Length; p++)
            mask[p] = (byte)(p / Size - top is >= 0 and var y && y < side && p % Size - left is >= 0 and var x && x < side ? kind + 1 : 1);
        return new Row { Image = MLImage.CreateFromPixels(Size, Size, MLPixelFormat.Rgba32, pixels), Label = mask };
    }

    private sealed class Row
    {
        [ImageType(Size, Size)]
        public MLImage Image { get; set; } = null!;

        [VectorType(Size, Size), KeyType(Classes)]
        public byte[] Label { get; set; } = [];
    }

    private sealed class Told(Action<TrainingProgress> tell) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => tell(value);
    }
}
