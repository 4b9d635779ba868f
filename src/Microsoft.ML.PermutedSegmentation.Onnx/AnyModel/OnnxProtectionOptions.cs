namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How an ONNX model is protected with a key.</summary>
public sealed class OnnxProtectionOptions
{
    /// <summary>
    /// Whether all tensors are encrypted and authenticated, so that the file does not run without the key and nothing can be read off its weights.
    /// Otherwise the input channels of its layers are put into another order, and the file runs everywhere, to garbage.
    /// </summary>
    public bool Seal { get; set; }

    /// <summary>
    /// The names of the tensors to permute, of those that <see cref="OnnxProtection.Describe(string)"/> lists for a plain model; null for all of them. A seal
    /// is always over all tensors.
    /// </summary>
    public IReadOnlyCollection<string>? Layers { get; set; }

    /// <summary>Whether the file stores the key's fingerprint, which tells a wrong key from the right one.</summary>
    public bool StoreFingerprint { get; set; } = true;
}
