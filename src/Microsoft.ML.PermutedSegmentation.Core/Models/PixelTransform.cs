namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// What a key does to pixels instead of weights: applied to each resized RGB image of the network's size before it is normalised, in
/// training and in scoring.
/// </summary>
/// <remarks>May be used from several threads at once.</remarks>
internal abstract class PixelTransform
{
    /// <summary>Transforms an image.</summary>
    /// <param name="rgb">The image, height * width * 3 bytes.</param>
    /// <param name="target">The result in the same order, 0 to 255.</param>
    /// <param name="width">Pixels in a row.</param>
    public abstract void Apply(ReadOnlySpan<byte> rgb, Span<float> target, int width);
}
