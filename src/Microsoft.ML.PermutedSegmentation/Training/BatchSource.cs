using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>The batches of an epoch, made on other threads while the network is busy with those before.</summary>
internal sealed class BatchSource(ImageRows source, PermutedSegmentationTrainer.Options options, TrainingPlan plan, PixelTransform? pixelTransform, Device device)
{
    private const int BatchesAhead = 2;

    /// <summary>Steps of the optimizer in an epoch.</summary>
    public int StepsPerEpoch => source.Rows.Count / plan.BatchSize;

    /// <summary>Sizes of the parts in which a batch goes through the network: as few as memory allows, and as equal as can be.</summary>
    public int[] PartSizes { get; } = SplitEvenly(plan.BatchSize, options.MicroBatchSize);

    /// <summary>
    /// The parts of all batches of an epoch, shuffled and augmented. Everything random comes from <paramref name="random"/>, image after image,
    /// whatever the threads do.
    /// </summary>
    public IEnumerable<LabeledBatch> Augmented(Random random)
    {
        int[] rows = [.. source.Rows];
        random.Shuffle(rows);
        var changes = new RandomChange(options.Augmentation, Window);
        return Batches(rows.AsSpan(0, StepsPerEpoch * plan.BatchSize).ToArray(), EndlessPartSizes(), (height, width) => changes.Draw(height, width, random));
    }

    /// <summary>All rows in order, whole, or by windows that cover them.</summary>
    public IEnumerable<LabeledBatch> Whole() => Window is { } window
        ? ByWindows(window)
        : Batches(source.Rows, SplitOff(source.Rows.Count, options.MicroBatchSize), (height, width) => (CropBox.Whole(height, width), null));

    /// <summary>As few parts of a batch of so many images as there can be, none larger than the most, and as equal as can be.</summary>
    public static int[] SplitEvenly(int count, int most)
    {
        int parts = (count + most - 1) / most;
        return [.. Enumerable.Range(0, parts).Select(i => count / parts + (i < count % parts ? 1 : 0))];
    }

    // Parts of the network's size, where scoring will look at such.
    private (int Height, int Width)? Window => options.Scoring == ScoringMode.SlidingWindow ? (plan.ImageHeight, plan.ImageWidth) : null;

    // One part of each image. draw: which, of an image of a height and width.
    private IEnumerable<LabeledBatch> Batches(IReadOnlyList<int> rows, IEnumerable<int> sizes, Func<int, int, (CropBox Box, ImageChange? Change)> draw)
    {
        // What changes images beyond their shape is libtorch's, which makes threads of its own for each that calls it.
        int workers = options.Augmentation.ChangesPixels ? 1 : options.InputWorkers ?? InputWorkers.Beside(device), ahead = BatchesAhead * PartSizes[0] + workers;
        // Those that are not whole yet, and those that the consumer has not come to.
        var made = new ConcurrentQueue<LabeledBatch>();
        using RowPlaces places = source.Images.Places(ahead, workers);
        try
        {
            foreach (bool isWhole in OrderedWorkers.Run(Plan(rows, sizes, draw, places, made), workers, ahead, (part, worker) => part.Write(worker, pixelTransform)))
            {
                if (isWhole && made.TryDequeue(out LabeledBatch? batch))
                    yield return batch;
            }
        }
        finally
        {
            Dispose(made);
        }
    }

    private IEnumerable<ImagePart> Plan(
        IReadOnlyList<int> rows, IEnumerable<int> sizes, Func<int, int, (CropBox Box, ImageChange? Change)> draw, RowPlaces places, ConcurrentQueue<LabeledBatch> made)
    {
        using IEnumerator<int> size = sizes.GetEnumerator();
        LabeledBatch? batch = null;
        int place = 0;
        foreach ((int row, ILabeledImage image) in source.Images.Visit(rows, places))
        {
            if (batch is null)
            {
                size.MoveNext();
                made.Enqueue(batch = new LabeledBatch(size.Current, plan.ImageHeight, plan.ImageWidth));
                place = 0;
            }
            (CropBox box, ImageChange? change) = draw(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width);
            bool isLast = place + 1 == size.Current;
            yield return new ImagePart(image, batch, place++, box, change, isLast);
            if (isLast)
                batch = null;
        }
    }

    // An image may have hundreds of windows: they are cut batch by batch, by one thread.
    private IEnumerable<LabeledBatch> ByWindows((int Height, int Width) window)
    {
        var made = new ConcurrentQueue<LabeledBatch>();
        using RowPlaces places = source.Images.Places(1, workers: 1);
        try
        {
            foreach (LabeledBatch batch in OrderedWorkers.Run(CutWindows(window, places, made), workers: 1, BatchesAhead + 1, (batch, _) => batch))
            {
                made.TryDequeue(out _);
                yield return batch;
            }
        }
        finally
        {
            Dispose(made);
        }
    }

    private IEnumerable<LabeledBatch> CutWindows((int Height, int Width) window, RowPlaces places, ConcurrentQueue<LabeledBatch> made)
    {
        int left = source.Rows.Sum(row => CropBox.Windows(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width, window).Count());
        LabeledBatch? batch = null;
        int place = 0;
        foreach ((int row, ILabeledImage image) in source.Images.Visit(source.Rows, places))
        {
            foreach (CropBox box in CropBox.Windows(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width, window))
            {
                if (batch is null)
                {
                    made.Enqueue(batch = new LabeledBatch(Math.Min(left, options.MicroBatchSize), plan.ImageHeight, plan.ImageWidth));
                    place = 0;
                }
                batch.Write(place++, image.Read(worker: 0), box, transform: pixelTransform);
                left--;
                if (place < batch.Count)
                    continue;
                yield return batch;
                batch = null;
            }
            image.Release(worker: 0);
        }
    }

    private static void Dispose(ConcurrentQueue<LabeledBatch> batches)
    {
        while (batches.TryDequeue(out LabeledBatch? batch))
            batch.Dispose();
    }

    private static IEnumerable<int> SplitOff(int count, int most)
    {
        for (; count > 0; count -= most)
            yield return Math.Min(count, most);
    }

    private IEnumerable<int> EndlessPartSizes()
    {
        while (true)
        {
            foreach (int size in PartSizes)
                yield return size;
        }
    }

    /// <summary>A place in a batch, and the part of an image that fills it.</summary>
    private sealed record ImagePart(ILabeledImage Image, LabeledBatch Batch, int Place, CropBox Box, ImageChange? Change, bool IsLast)
    {
        /// <summary>Fills it; true: with that the batch is whole, once the places before it are filled.</summary>
        public bool Write(int worker, PixelTransform? transform)
        {
            Batch.Write(Place, Image.Read(worker), Box, Change, transform);
            Image.Release(worker);
            return IsLast;
        }
    }
}
