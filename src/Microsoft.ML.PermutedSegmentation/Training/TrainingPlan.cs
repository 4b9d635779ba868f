namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What of a training depends on its data where options leave it open.</summary>
/// <param name="ImageHeight">Height that images are resized to, in pixels.</param>
/// <param name="ImageWidth">Width that images are resized to, in pixels.</param>
/// <param name="BatchSize">Images per step.</param>
/// <param name="Epochs">How often each image is seen.</param>
/// <param name="Schedule">The learning rate.</param>
internal sealed record TrainingPlan(int ImageHeight, int ImageWidth, int BatchSize, int Epochs, LearningRateSchedule Schedule)
{
    // Measured: docs/training.md.
    private const double UsualPixels = 224 * 224, StepsPerRootOfRows = 50;

    // All output strides divide it.
    private const int SideUnit = 32;

    /// <summary>The plan of a training.</summary>
    /// <param name="options">Valid options.</param>
    /// <param name="rows">How many rows it learns from.</param>
    /// <param name="sizes">The sizes of the images, in pixels.</param>
    /// <exception cref="ArgumentException">Batch normalisation cannot work with so few images in a batch.</exception>
    public static TrainingPlan Of(PermutedSegmentationTrainer.Options options, int rows, IReadOnlyList<(int Height, int Width)> sizes)
    {
        (int height, int width) = options.ImageHeight is { } givenHeight && options.ImageWidth is { } givenWidth
            ? (givenHeight, givenWidth)
            : SizeFor(sizes);
        int batch = Math.Min(options.BatchSize, rows);
        CheckBatch(options, height, width, batch);
        int epochs = options.Epochs ?? EpochsFor(rows, rows / batch);
        return new TrainingPlan(height, width, batch, epochs, new LearningRateSchedule(
            options.LearningRate, options.MinimumLearningRate, options.RestartPeriod ?? epochs, options.WarmupSteps));
    }

    /// <summary>Refuses batches that batch normalisation cannot work with.</summary>
    /// <exception cref="ArgumentException">The parts of a batch are too small.</exception>
    public static void CheckBatch(PermutedSegmentationTrainer.Options options, int height, int width, int batch)
    {
        int[] parts = BatchSource.SplitEvenly(batch, options.MicroBatchSize);
        int processes = options.ProcessGroup?.Size ?? 1, together = parts.Min();
        if (together < processes)
            throw new ArgumentException($"{nameof(options.BatchSize)} {batch} is split into parts of {string.Join(", ", parts.Distinct())} ({nameof(options.MicroBatchSize)} {options.MicroBatchSize}), so that not each of {processes} processes has an image.", nameof(options.BatchSize));
        if (!options.SynchronizeBatchNorm)
            together /= processes;
        NetworkLayout layout = NetworkLayout.For(options.Network, options.ChosenBackbone, options.OutputStride, classCount: 2);
        if (BatchStatistics.FindProblem(layout, height, width, together) is { } problem)
            throw new ArgumentException($"{(batch < options.BatchSize ? $"A batch of all {batch} rows" : $"{nameof(options.BatchSize)} {batch}")} is split into parts of {string.Join(", ", parts.Distinct())} ({nameof(options.MicroBatchSize)} {options.MicroBatchSize}): {problem}", nameof(options.BatchSize));
    }

    // Little data needs many epochs, and much data many steps; in between is the square root.
    private static int EpochsFor(int rows, int stepsPerEpoch) => Math.Max(1, (int)Math.Round(StepsPerRootOfRows * Math.Sqrt(rows) / stepsPerEpoch));

    private static (int Height, int Width) SizeFor(IReadOnlyList<(int Height, int Width)> sizes)
    {
        (int Height, int Width)[] byShape = [.. sizes.OrderBy(size => size.Width / (double)size.Height)];
        (double middleHeight, double middleWidth) = byShape[byShape.Length / 2];
        double scale = Math.Min(1, Math.Sqrt(UsualPixels / (middleHeight * middleWidth)));
        return (ToSide(middleHeight * scale), ToSide(middleWidth * scale));
    }

    private static int ToSide(double pixels) => Math.Clamp((int)Math.Round(pixels / SideUnit), 1, ModelDescription.LargestSide / SideUnit) * SideUnit;
}
