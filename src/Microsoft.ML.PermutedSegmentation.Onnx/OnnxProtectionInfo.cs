namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file tells of its protection without a key.</summary>
/// <param name="IsProtected">Whether it needs a key.</param>
/// <param name="IsSealed">Whether its tensors are encrypted; otherwise their channels are permuted.</param>
/// <param name="Layers">The names of the permuted tensors; none of a sealed model.</param>
/// <param name="Salt">The salt, in hexadecimal; null if it needs no key.</param>
/// <param name="Fingerprint">The key's fingerprint, in hexadecimal; null if it is not stored.</param>
public sealed record OnnxProtectionInfo(bool IsProtected, bool IsSealed, IReadOnlyList<string> Layers, string? Salt, string? Fingerprint)
{
    internal static OnnxProtectionInfo Of(AnyModel.ProtectionTag? tag) => tag is null
        ? new OnnxProtectionInfo(false, false, [], null, null)
        : new OnnxProtectionInfo(true, tag.IsSealed, [.. (tag.Layers ?? []).Select(layer => layer.Tensor)],
            Convert.ToHexStringLower(tag.Salt), tag.Fingerprint is null ? null : Convert.ToHexStringLower(tag.Fingerprint));
}
