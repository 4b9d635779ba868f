using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// How a network is exported with weights and feature maps of 8 bits (docs/quantization.md). The range of each map is found by running the network on
/// some images.
/// </summary>
public sealed class OnnxQuantization
{
    /// <summary>Takes images that are in memory, or come one after the other.</summary>
    /// <param name="images">
    /// Images like those that the network will see, some ten to some hundred; no masks are needed. They are asked for once, one at a time, and stay the
    /// caller's: an iterator can dispose each one when it is asked for the next.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="images"/> is null.</exception>
    public OnnxQuantization(IEnumerable<MLImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        Images = images;
    }

    internal IEnumerable<MLImage> Images { get; }

    /// <summary>Takes image files, of which one at a time is in memory.</summary>
    /// <param name="paths">JPEG and PNG files, read as <see cref="ImageFile"/> reads them when the model is exported.</param>
    /// <exception cref="ArgumentNullException"><paramref name="paths"/> is null.</exception>
    public static OnnxQuantization FromFiles(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return new OnnxQuantization(Load(paths));
    }

    private static IEnumerable<MLImage> Load(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            using MLImage image = ImageFile.Load(path);
            yield return image;
        }
    }
}
