namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>An image of which several parts are wanted, by any threads: the first one that comes reads it, and it stays until the last one has its part.</summary>
/// <param name="image">The image.</param>
/// <param name="parts">How many parts: how often it will be released.</param>
internal sealed class SharedImage(ILabeledImage image, int parts) : ILabeledImage
{
    private readonly Lock _reading = new();
    private LabeledImage? _kept;
    private int _left = parts;

    /// <inheritdoc/>
    public LabeledPixels Read(int worker) => Keep(worker).Pixels;

    /// <inheritdoc/>
    public LabeledImage Keep(int worker)
    {
        lock (_reading)
            return _kept ??= image.Keep(worker);
    }

    /// <inheritdoc/>
    public void Release(int worker)
    {
        if (Interlocked.Decrement(ref _left) == 0)
            _kept = null;
    }
}
