namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>The labelled images that an attacker has, to draw batches from: shuffled, each once before any comes again, and augmented.</summary>
internal sealed class AttackerImages : IDisposable
{
    // The trainer's own.
    private const double MinimumCropArea = 0.75;

    private readonly IEnumerator<LabeledImage> _next;
    private readonly ModelDescription _model;
    private readonly int _batchSize;
    private readonly Random _random;

    public AttackerImages(IReadOnlyList<LabeledImage> images, ModelDescription model, int batchSize, Random random)
    {
        (Count, _model, _batchSize, _random) = (images.Count, model, batchSize, random);
        _next = Shuffled([.. images], random).GetEnumerator();
    }

    public int Count { get; }

    /// <summary>The next batch, on the CPU; the caller disposes it.</summary>
    public LabeledBatch Draw()
    {
        var crop = new RandomResizedCrop(MinimumCropArea);
        var samples = new List<(LabeledImage, CropBox)>();
        while (samples.Count < _batchSize && _next.MoveNext())
            samples.Add((_next.Current, crop.Draw(_next.Current.Height, _next.Current.Width, _random)));
        return LabeledBatch.Of(samples, _model.ImageHeight, _model.ImageWidth);
    }

    /// <inheritdoc/>
    public void Dispose() => _next.Dispose();

    private static IEnumerable<LabeledImage> Shuffled(LabeledImage[] images, Random random)
    {
        while (true)
        {
            random.Shuffle(images);
            foreach (LabeledImage image in images)
                yield return image;
        }
    }
}
