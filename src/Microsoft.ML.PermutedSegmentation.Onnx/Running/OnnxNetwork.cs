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

    /// <summary>The masks of images and, on request, the probabilities of the classes.</summary>
    /// <exception cref="InvalidOperationException">There are no probabilities, or more of an image than an array holds.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public IReadOnlyList<ScoredImage> Score(IReadOnlyList<ImagePixels> images, bool withProbabilities)
    {
        using var use = _session.Use();
        if (withProbabilities && !HasProbabilities)
            throw new InvalidOperationException("This network gives labels, and no scores that probabilities could be made of.");
        foreach (ImagePixels image in withProbabilities ? images : [])
            CheckProbabilities(image);
        return images.Count == 0 ? [] : Score(use.Value, images, withProbabilities);
    }

    /// <summary>Height and width of the mask of an image.</summary>
    protected abstract (int Height, int Width) MaskSizeOf(ImagePixels image);

    /// <summary>The same with the session, which is not disposed meanwhile.</summary>
    protected virtual IReadOnlyList<ScoredImage> Score(InferenceSession session, IReadOnlyList<ImagePixels> images, bool withProbabilities)
        => [.. images.Select(image => Score(session, image, withProbabilities))];

    /// <summary>The same of one image.</summary>
    protected abstract ScoredImage Score(InferenceSession session, ImagePixels image, bool withProbabilities);

    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public void ThrowIfDisposed() => _session.ThrowIfDisposed();

    public void Dispose() => _session.Dispose();

    private void CheckProbabilities(ImagePixels image)
    {
        (int height, int width) = MaskSizeOf(image);
        long size = (long)ClassNames.Count * height * width;
        if (size > Array.MaxLength)
            throw new InvalidOperationException($"The probabilities of {ClassNames.Count} classes at {height} x {width} pixels (height x width) are {size}, more than one array can hold. Ask for the labels alone.");
    }
}
