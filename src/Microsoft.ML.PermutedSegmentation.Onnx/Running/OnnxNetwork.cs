using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>A segmentation network in a session of ONNX Runtime.</summary>
/// <param name="session">The session, this object's from now on.</param>
internal abstract class OnnxNetwork(InferenceSession session) : IDisposable
{
    private readonly Shared<InferenceSession> _session = new(session, owned => owned.Dispose(), () => new ObjectDisposedException("OnnxSegmenter"));

    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <summary>Height of the images that the network reads.</summary>
    public abstract int ImageHeight { get; }

    /// <summary>Width of these images.</summary>
    public abstract int ImageWidth { get; }

    /// <summary>How many images can be segmented at once.</summary>
    public virtual int MostImages => int.MaxValue;

    /// <summary>Whether it gives scores, and so probabilities of classes, and not labels only.</summary>
    public virtual bool HasProbabilities => true;

    public virtual FeatureMaps FeatureMaps => FeatureMaps.None;

    public virtual ScoringMode ScoringMode => ScoringMode.Resize;

    public virtual TestTimeAugmentation TestTimeAugmentation => TestTimeAugmentation.None;

    /// <summary>The masks of images, in class indexes.</summary>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public IReadOnlyList<byte[,]> Segment(IReadOnlyList<ImagePixels> images)
    {
        using var use = _session.Use();
        return images.Count == 0 ? [] : Segment(use.Value, images);
    }

    /// <summary>The mask of an image and, on request, the probabilities of the classes.</summary>
    /// <exception cref="InvalidOperationException">There are more probabilities than an array holds.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public ScoredImage Score(ImagePixels image, bool withProbabilities)
    {
        using var use = _session.Use();
        (int height, int width) = MaskSizeOf(image);
        long size = (long)ClassNames.Count * height * width;
        if (withProbabilities && size > Array.MaxLength)
            throw new InvalidOperationException($"The probabilities of {ClassNames.Count} classes at {height} x {width} pixels (height x width) are {size}, more than one array can hold. Ask for the labels alone.");
        return Score(use.Value, image, withProbabilities);
    }

    /// <summary>Height and width of the mask of an image.</summary>
    protected abstract (int Height, int Width) MaskSizeOf(ImagePixels image);

    /// <summary>The masks of images with the session, which is not disposed meanwhile.</summary>
    protected virtual IReadOnlyList<byte[,]> Segment(InferenceSession session, IReadOnlyList<ImagePixels> images)
        => [.. images.Select(image => Score(session, image, withProbabilities: false).ToMask())];

    /// <summary>The same of one image, with probabilities.</summary>
    protected abstract ScoredImage Score(InferenceSession session, ImagePixels image, bool withProbabilities);

    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public void ThrowIfDisposed() => _session.ThrowIfDisposed();

    public void Dispose() => _session.Dispose();
}
