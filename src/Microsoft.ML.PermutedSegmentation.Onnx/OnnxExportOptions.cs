namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The inputs and outputs of an ONNX file.</summary>
public sealed class OnnxExportOptions
{
    /// <summary>
    /// Whether the graph has a second output, <c>probabilities</c>: Single [batch, classes, height, width]. It costs nothing if it
    /// is not fetched.
    /// </summary>
    public bool Probabilities { get; set; }

    /// <summary>
    /// Whether <c>image</c> must have the model's size, instead of any size that the graph resizes: for runtimes that have no
    /// antialiasing in Resize (operator set 18), and programs that resize images themselves. Models that do not just resize images
    /// (<see cref="ScoringMode"/>, <see cref="TestTimeAugmentation"/>) always have it.
    /// </summary>
    public bool FixedSize { get; set; }
}
