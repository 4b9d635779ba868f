using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Running;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class, with ONNX Runtime and without libtorch: from an ONNX file that
/// <c>mlContext.Segmentation().ExportToOnnx</c> wrote, or from another program's (<see cref="OnnxModelOptions"/>). The key puts the weights in order in
/// memory, once, so nothing is permuted at run time.
/// </summary>
/// <remarks>May be used from several threads at once. Holds native memory: dispose it when done.</remarks>
public sealed partial class OnnxSegmenter : ISegmentationModel
{
    private readonly OnnxNetwork _network;

    private OnnxSegmenter(OnnxNetwork network, bool isUnlocked) => (_network, IsUnlocked) = (network, isUnlocked);

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked { get; }

    /// <summary>The feature maps that need the key; None for an unprotected model.</summary>
    public FeatureMaps FeatureMaps => _network.FeatureMaps;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => _network.ClassNames;

    /// <summary>How images of other sizes are scored.</summary>
    public ScoringMode ScoringMode => _network.ScoringMode;

    /// <summary>How often an image is scored.</summary>
    public TestTimeAugmentation TestTimeAugmentation => _network.TestTimeAugmentation;

    /// <summary>Height in pixels of the images that the network reads and, unless it reads them by windows or <see cref="OnnxModelOptions.MasksOfImageSize"/> is set, of the masks.</summary>
    public int ImageHeight => _network.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => _network.ImageWidth;

    /// <summary>The mask of an image of any size.</summary>
    /// <param name="image">An image; <see cref="ImageFile.Load(string, ImageOrientation)"/> reads one from a file upright and with its own colors.</param>
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/> or <see cref="OnnxModelOptions.MasksOfImageSize"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="ArgumentException">The image is transparent and its colors are multiplied by its alpha.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public byte[,] Segment(MLImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Segment([image])[0];
    }

    /// <summary>The masks of images of any size, which run through the network together unless they are scored by windows.</summary>
    /// <returns>For each image the class of each pixel, from 0, as for a single one.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="images"/> or one of them is null.</exception>
    /// <exception cref="ArgumentException">An image is transparent and its colors are multiplied by its alpha; or there are so many that no array holds them.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public IReadOnlyList<byte[,]> Segment(IReadOnlyList<MLImage> images)
    {
        return [.. Score(images).Select(scored => scored.ToMask())];
    }

    /// <inheritdoc/>
    public IReadOnlyList<ScoredImage> Score(IReadOnlyList<MLImage> images, bool withProbabilities = false)
    {
        ArgumentNullException.ThrowIfNull(images);
        _network.ThrowIfDisposed();
        if (images.Count > _network.MostImages)
            throw new ArgumentException($"{images.Count} images are too many at once for {ImageHeight}x{ImageWidth} pixels each; at most {_network.MostImages} are possible.", nameof(images));
        return _network.Score([.. images.Select((image, i) => new ImagePixels(RgbPixels.RequireStraightColors(image, i, nameof(images))))], withProbabilities);
    }

    /// <summary>The mask of an image of any size, from its pixels.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row: height x width x 3 bytes.</param>
    /// <param name="height">Height of the image in pixels.</param>
    /// <param name="width">Width of the image in pixels.</param>
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/> or <see cref="OnnxModelOptions.MasksOfImageSize"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="rgb"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="height"/> or <paramref name="width"/> is below 1.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public byte[,] Segment(ReadOnlySpan<byte> rgb, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (rgb.Length != 3L * height * width)
            throw new ArgumentException($"An image of {height}x{width} pixels (height x width) has {3L * height * width} bytes, but {rgb.Length} were given.", nameof(rgb));
        return _network.Score([new ImagePixels(rgb.ToArray(), height, width)], withProbabilities: false)[0].ToMask();
    }

    /// <summary>Whether the network gives scores, of which <see cref="Score(MLImage)"/> makes probabilities, and not labels only.</summary>
    public bool HasProbabilities => _network.HasProbabilities;

    /// <summary>The probabilities of the classes at each pixel of an image of any size.</summary>
    /// <remarks>
    /// Softmax of the network's scores, or these themselves if the graph has made probabilities of them. Of a single score s with a threshold t that is
    /// the sigmoid of s - t, unless s is a probability.
    /// </remarks>
    /// <param name="image"><inheritdoc cref="Segment(MLImage)" path="/param[@name='image']/node()"/></param>
    /// <returns>[classes, height, width], of the mask's height and width.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="ArgumentException">The image is transparent and its colors are multiplied by its alpha.</exception>
    /// <exception cref="InvalidOperationException">The network gives labels only; or there are more probabilities than one array can hold.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public float[,,] Score(MLImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        ScoredImage scored = Score([image], withProbabilities: true)[0];
        float[,,] result = new float[ClassNames.Count, scored.Height, scored.Width];
        scored.Probabilities.CopyTo(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref result[0, 0, 0], result.Length));
        return result;
    }

    /// <summary>Frees the network's native memory, once no other thread segments images with it any more.</summary>
    public void Dispose() => _network.Dispose();
}
