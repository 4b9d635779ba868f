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

    /// <summary>
    /// Seals the file with this key (docs/onnx-protection.md); null to write it as it is. A sealed model needs it, since its weights would be open
    /// otherwise; of a protected model it must be the model's own. <see cref="OnnxSegmenter"/> opens the file with the key.
    /// </summary>
    public PermutationKey? SealingKey { get; set; }

    /// <summary>
    /// Writes weights and feature maps of 8 bits, in a quarter of the size (docs/quantization.md); null for floats. A protected model must be unlocked for
    /// this, and its file holds protected weights as ever.
    /// </summary>
    public OnnxQuantization? Int8 { get; set; }
}
