namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file takes and gives.</summary>
public sealed class OnnxExportOptions
{
    /// <summary>
    /// Whether the graph has a second output, <c>probabilities</c>: Single [batch, classes, height, width]. Whoever does not fetch
    /// it pays nothing for it.
    /// </summary>
    public bool Probabilities { get; set; }

    /// <summary>
    /// Whether the input <c>image</c> is Single, from 0 to 255, instead of UInt8: for images that were resized and not rounded to
    /// bytes, as this library resizes them. Rounding changes a label here and there at the borders of objects.
    /// </summary>
    public bool FloatImages { get; set; }
}
