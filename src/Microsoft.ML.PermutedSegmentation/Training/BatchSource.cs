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
        return Batches(rows.AsSpan(0, StepsPerEpoch * plan.BatchSize).ToArray(), EndlessPartSizes(), (height, width) => [changes.Draw(height, width, random)]);
    }

    /// <summary>All rows in order, whole, or by windows that cover them.</summary>
    public IEnumerable<LabeledBatch> Whole()
    {
        int parts = source.Rows.Sum(row => BoxesOf(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width).Count());
        return Batches(source.Rows, SplitOff(parts, options.MicroBatchSize), (height, width) => BoxesOf(height, width).Select(box => (box, (ImageChange?)null)));
    }

    /// <summary>As few parts of a batch of so many images as there can be, none larger than the most, and as equal as can be.</summary>
    public static int[] SplitEvenly(int count, int most)
    {
        int parts = (count + most - 1) / most;
        return [.. Enumerable.Range(0, parts).Select(i => count / parts + (i < count % parts ? 1 : 0))];
    }

    // Parts of the network's size, where scoring will look at such.
    private (int Height, int Width)? Window => options.Scoring == ScoringMode.SlidingWindow ? (plan.ImageHeight, plan.ImageWidth) : null;

    private IEnumerable<CropBox> BoxesOf(int height, int width) => Window is { } window ? CropBox.Windows(height, width, window) : [CropBox.Whole(height, width)];

    // partsOf: what is seen of an image of a size.
    private IEnumerable<LabeledBatch> Batches(IReadOnlyList<int> rows, IEnumerable<int> sizes, Func<int, int, IEnumerable<(CropBox Box, ImageChange? Change)>> partsOf)
    {
        int workers = options.InputWorkers ?? InputWorkers.Beside(device), ahead = BatchesAhead * PartSizes[0] + workers;
        // Those that are not whole yet, and those that the consumer has not come to.
        var made = new ConcurrentQueue<LabeledBatch>();
        using RowPlaces places = source.Images.Places(ahead);
        try
        {
            foreach (ImageParts image in OrderedWorkers.Run(Plan(rows, sizes, partsOf, places, made), workers, ahead, image => image.Write(pixelTransform)))
            {
                for (int i = 0; i < image.CompletedBatches; i++)
                {
                    made.TryDequeue(out LabeledBatch? batch);
                    yield return batch!;
                }
            }
        }
        finally
        {
            while (made.TryDequeue(out LabeledBatch? batch))
                batch.Dispose();
        }
    }

    // Which part of which image goes where.
    private IEnumerable<ImageParts> Plan(
        IReadOnlyList<int> rows, IEnumerable<int> sizes, Func<int, int, IEnumerable<(CropBox Box, ImageChange? Change)>> partsOf, RowPlaces places, ConcurrentQueue<LabeledBatch> made)
    {
        using IEnumerator<int> size = sizes.GetEnumerator();
        LabeledBatch? batch = null;
        int place = 0;
        foreach ((int row, ILabeledImage read) in source.Images.Visit(rows, places))
        {
            var image = new ImageParts(read);
            foreach ((CropBox box, ImageChange? change) in partsOf(source.Images.Sizes[row].Height, source.Images.Sizes[row].Width))
            {
                if (batch is null)
                {
                    size.MoveNext();
                    made.Enqueue(batch = new LabeledBatch(size.Current, plan.ImageHeight, plan.ImageWidth));
                    place = 0;
                }
                bool isLast = place + 1 == size.Current;
                image.Add(batch, place++, box, change, isLast);
                if (isLast)
                    batch = null;
            }
            yield return image;
        }
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

    /// <summary>The places in batches that are filled from one image.</summary>
    private sealed class ImageParts(ILabeledImage source)
    {
        private readonly List<(LabeledBatch Batch, int Place, CropBox Box, ImageChange? Change)> _parts = [];

        /// <summary>How many batches are whole with it.</summary>
        public int CompletedBatches { get; private set; }

        public void Add(LabeledBatch batch, int place, CropBox box, ImageChange? change, bool isLast)
        {
            _parts.Add((batch, place, box, change));
            CompletedBatches += isLast ? 1 : 0;
        }

        public ImageParts Write(PixelTransform? transform)
        {
            LabeledPixels image = source.Read();
            foreach ((LabeledBatch batch, int place, CropBox box, ImageChange? change) in _parts)
                batch.Write(place, image, box, change, transform);
            source.Release();
            return this;
        }
    }
}
