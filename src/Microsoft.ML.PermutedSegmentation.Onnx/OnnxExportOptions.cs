namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file gives besides labels.</summary>
public sealed class OnnxExportOptions
{
    /// <summary>
    /// Whether the graph has a second output, <c>probabilities</c>: Float [batch, classes, height, width]. It costs a good part of a
    /// small network's time, and whoever does not fetch it pays nothing.
    /// </summary>
    public bool Probabilities { get; set; }
}
