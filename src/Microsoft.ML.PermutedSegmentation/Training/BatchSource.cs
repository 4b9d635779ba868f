using System.Collections.Concurrent;
using Microsoft.ML.PermutedSegmentation.Distribution;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>The batches of an epoch, made on other threads while the network is busy with those before.</summary>
internal sealed class BatchSource(ImageRows source, PermutedSegmentationTrainer.Options options, TrainingPlan plan, PixelTransform? pixelTransform, Device device)
{
    private const int BatchesAhead = 2;

    private readonly IProcessGroup? _group = options.ProcessGroup;

    /// <summary>Steps of the optimizer in an epoch.</summary>
    public int StepsPerEpoch => source.Rows.Count / plan.BatchSize;

    /// <summary>Sizes of the parts in which a batch goes through the network: as few as memory allows, and as equal as can be.</summary>
    public int[] PartSizes { get; } = SplitEvenly(plan.BatchSize, options.MicroBatchSize);

    /// <summary>
    /// This process's share of the parts of all batches of an epoch, shuffled and augmented. Everything random comes from <paramref name="random"/>, image
    /// after image, whatever the threads do and other processes have.
    /// </summary>
    public IEnumerable<LabeledBatch> Augmented(Random random)
    {
        int[] rows = [.. source.Rows];
        random.Shuffle(rows);
        var changes = new RandomChange(options.Augmentation, Window);
        rows = rows[..(StepsPerEpoch * plan.BatchSize)];
        return Batches((places, made) => Plan(rows, EndlessShares(), (height, width) => changes.Draw(height, width, random), places, made));
    }

    /// <summary>All rows in order, whole, or by windows that cover them; with other processes, every so many batches, or every so many rows.</summary>
    public IEnumerable<LabeledBatch> Whole()
    {
        int together = Window is null ? options.MicroBatchSize : 1;
        int[] rows = _group is null ? [.. source.Rows] : [.. source.Rows.Chunk(together).Where((_, batch) => batch % _group.Size == _group.Rank).SelectMany(batch => batch)];
        return Batches((places, made) => Window is { } window
            ? PlanWindows(rows, window, places, made)
            : Plan(rows, rows.Chunk(together).Select(batch => ImageShare.Of(batch.Length, null)), (height, width) => (CropBox.Whole(height, width), null), places, made));
    }

    /// <summary>Which images of a part of a batch this process has.</summary>
    /// <param name="part">The part, from 0.</param>
    public ImageShare ShareOf(int part) => ImageShare.Of(PartSizes[part], _group);

    /// <summary>As few parts of a batch of so many images as there can be, none larger than the most, and as equal as can be.</summary>
    public static int[] SplitEvenly(int count, int most)
    {
        int parts = (count + most - 1) / most;
        return [.. Enumerable.Range(0, parts).Select(i => count / parts + (i < count % parts ? 1 : 0))];
    }

    // Parts of the network's size, where scoring will look at such.
    private (int Height, int Width)? Window => options.Scoring == ScoringMode.SlidingWindow ? (plan.ImageHeight, plan.ImageWidth) : null;

    // parts: what fills the batches, in order.
    private IEnumerable<LabeledBatch> Batches(Func<RowPlaces, ConcurrentQueue<LabeledBatch>, IEnumerable<ImagePart>> parts)
    {
        int workers = options.InputWorkers ?? InputWorkers.Beside(device), ahead = BatchesAhead * PartSizes[0] + workers;
        // Those that are not whole yet, and those that the consumer has not come to.
        var made = new ConcurrentQueue<LabeledBatch>();
        using RowPlaces places = source.Images.Places(ahead, workers);
        try
        {
            foreach (bool isWhole in OrderedWorkers.Run(parts(places, made), workers, ahead, (part, worker) => part.Write(worker, pixelTransform)))
            {
                if (isWhole && made.TryDequeue(out LabeledBatch? batch))
                    yield return batch;
            }
        }
        finally
        {
            while (made.TryDequeue(out LabeledBatch? batch))
                batch.Dispose();
        }
    }

    // One part of each image. draw: which, of an image of a height and width.
    private IEnumerable<ImagePart> Plan(
        IReadOnlyList<int> rows, IEnumerable<ImageShare> parts, Func<int, int, (CropBox Box, ImageChange? Change)> draw, RowPlaces places, ConcurrentQueue<LabeledBatch> made)
    {
        using IEnumerator<ImageShare> part = parts.GetEnumerator();
        LabeledBatch? batch = null;
        int place = -1;
        foreach ((int row, ILabeledImage? image) in source.Images.VisitSome(rows, places, _ => IsOwn()))
        {
            // What others read is drawn, too: all have the same random numbers.
            (CropBox box, ImageChange? change) = draw(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width);
            if (image is null)
                continue;
            ImageShare share = part.Current;
            if (place == share.First)
                made.Enqueue(batch = new LabeledBatch(share.Count, plan.ImageHeight, plan.ImageWidth, device));
            yield return new ImagePart(image, batch!, place - share.First, box, change, IsLast: place + 1 == share.First + share.Count);
        }

        // Goes on to the next image.
        bool IsOwn()
        {
            if (place < 0 || ++place == part.Current.Total)
            {
                part.MoveNext();
                place = 0;
            }
            return part.Current.Has(place);
        }
    }

    // An image may have hundreds of windows, and is decoded once for all of them.
    private IEnumerable<ImagePart> PlanWindows(int[] rows, (int Height, int Width) window, RowPlaces places, ConcurrentQueue<LabeledBatch> made)
    {
        int left = rows.Sum(row => WindowsOf(row).Length), place = 0, count = 0;
        LabeledBatch batch = null!;
        foreach ((int row, ILabeledImage image) in source.Images.Visit(rows, places))
        {
            CropBox[] windows = WindowsOf(row);
            var shared = new SharedImage(image, windows.Length);
            foreach (CropBox box in windows)
            {
                // The batch before may be used already, and disposed of.
                if (place == count)
                {
                    (place, count) = (0, Math.Min(left, options.MicroBatchSize));
                    made.Enqueue(batch = new LabeledBatch(count, plan.ImageHeight, plan.ImageWidth, device));
                }
                yield return new ImagePart(shared, batch, place++, box, Change: null, IsLast: place == count);
                left--;
            }
        }

        CropBox[] WindowsOf(int row) => [.. CropBox.Windows(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width, window)];
    }

    private IEnumerable<ImageShare> EndlessShares()
    {
        while (true)
        {
            for (int part = 0; part < PartSizes.Length; part++)
                yield return ShareOf(part);
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
