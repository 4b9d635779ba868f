namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>The batches of an epoch, made on another thread while the network is busy with the one before.</summary>
internal sealed class BatchSource(ImageRows source, PermutedSegmentationTrainer.Options options, TrainingPlan plan, PixelTransform? pixelTransform)
{
    private const int BatchesAhead = 2;

    /// <summary>Steps of the optimizer in an epoch.</summary>
    public int StepsPerEpoch => source.Rows.Count / plan.BatchSize;

    /// <summary>Sizes of the parts in which a batch goes through the network: as few as memory allows, and as equal as can be.</summary>
    public int[] PartSizes { get; } = SplitEvenly(plan.BatchSize, options.MicroBatchSize);

    /// <summary>
    /// The parts of all batches of an epoch, shuffled and augmented. Everything random comes from
    /// <paramref name="random"/>, in one order, whatever the threads do.
    /// </summary>
    public IEnumerable<LabeledBatch> Augmented(Random random)
    {
        int[] rows = [.. source.Rows];
        random.Shuffle(rows);
        var changes = new RandomChange(options.Augmentation, Window);
        var samples = source.Images.Visit(rows.AsSpan(0, StepsPerEpoch * plan.BatchSize).ToArray())
            .Select(sample =>
            {
                (CropBox box, ImageChange? change) = changes.Draw(sample.Image.Height, sample.Image.Width, random);
                return (sample.Image, box, change);
            });
        return ReadAhead.Of(Batches(samples, EndlessPartSizes()), BatchesAhead);
    }

    // Parts of the network's size, where scoring will look at such.
    private (int Height, int Width)? Window => options.Scoring == ScoringMode.SlidingWindow ? (plan.ImageHeight, plan.ImageWidth) : null;

    /// <summary>All rows in order, whole, or by windows that cover them.</summary>
    public IEnumerable<LabeledBatch> Whole()
    {
        var samples = source.Images.Visit(source.Rows)
            .SelectMany(sample => (Window is { } window
                    ? CropBox.Windows(sample.Image.Height, sample.Image.Width, window)
                    : [CropBox.Whole(sample.Image.Height, sample.Image.Width)])
                .Select(box => (sample.Image, box, (ImageChange?)null)));
        return ReadAhead.Of(Batches(samples, Enumerable.Repeat(options.MicroBatchSize, int.MaxValue)), BatchesAhead);
    }

    /// <summary>As few parts of a batch of so many images as there can be, none larger than the most, and as equal as can be.</summary>
    public static int[] SplitEvenly(int count, int most)
    {
        int parts = (count + most - 1) / most;
        return [.. Enumerable.Range(0, parts).Select(i => count / parts + (i < count % parts ? 1 : 0))];
    }

    private IEnumerable<LabeledBatch> Batches(IEnumerable<(LabeledImage, CropBox, ImageChange?)> samples, IEnumerable<int> sizes)
    {
        using IEnumerator<int> size = sizes.GetEnumerator();
        size.MoveNext();
        var part = new List<(LabeledImage, CropBox, ImageChange?)>();
        foreach (var sample in samples)
        {
            part.Add(sample);
            if (part.Count == size.Current)
            {
                yield return Batch(part);
                part.Clear();
                size.MoveNext();
            }
        }
        if (part.Count > 0)
            yield return Batch(part);
    }

    private LabeledBatch Batch(List<(LabeledImage, CropBox, ImageChange?)> samples)
        => LabeledBatch.Of(samples, plan.ImageHeight, plan.ImageWidth, pixelTransform);

    private IEnumerable<int> EndlessPartSizes()
    {
        while (true)
        {
            foreach (int size in PartSizes)
                yield return size;
        }
    }
}
