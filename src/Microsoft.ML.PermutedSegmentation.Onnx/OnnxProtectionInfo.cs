using Microsoft.ML.PermutedSegmentation.AnyModel;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file tells of its protection without a key.</summary>
/// <param name="IsProtected">Whether it needs a key.</param>
/// <param name="IsSealed">Whether its tensors are encrypted.</param>
/// <param name="IsExport">Whether this library has exported a model of its own into it, which <see cref="OnnxSegmenter"/> runs.</param>
/// <param name="Layers">The names of the permuted tensors; of a file that is not protected, of those that can be.</param>
/// <param name="Salt">The salt, in hexadecimal; null if it needs no key.</param>
/// <param name="Fingerprint">The key's fingerprint, in hexadecimal; null if it is not stored.</param>
/// <param name="IsQuantized">Whether its graph holds tensors of 8 bits with two or more dimensions, as weights are.</param>
public sealed record OnnxProtectionInfo(bool IsProtected, bool IsSealed, bool IsExport, IReadOnlyList<string> Layers, string? Salt, string? Fingerprint, bool IsQuantized)
{
    internal static OnnxProtectionInfo Of(OnnxDocument document)
    {
        if (document.Tag is { } tag)
            return new OnnxProtectionInfo(true, tag.IsSealed, document.IsOwnExport, [.. (tag.Layers ?? []).Select(layer => layer.Tensor)],
                Convert.ToHexStringLower(tag.Salt), tag.Fingerprint is null ? null : Convert.ToHexStringLower(tag.Fingerprint), HasBytes(document));
        string? salt = document.IsOwnExport ? Hexadecimal(document, "salt", ProtectionTag.SaltSize) : null;
        return new OnnxProtectionInfo(salt is not null, false, document.IsOwnExport, document.IsOwnExport ? [] : [.. LayerChoice.All(document).Keys.Select(tensor => tensor.Id)],
            salt, salt is null ? null : Hexadecimal(document, "fingerprint", ProtectionTag.FingerprintSize), HasBytes(document));
    }

    // A zero point has one dimension at most.
    private static bool HasBytes(OnnxDocument document) => document.Model.Graph?.Initializer.Any(tensor =>
        tensor.DataType is (int)TensorProto.Types.DataType.Int8 or (int)TensorProto.Types.DataType.Uint8 && tensor.Dims.Count > 1) == true;

    private static string? Hexadecimal(OnnxDocument document, string name, int size) => document.Metadata(name) switch
    {
        null => null,
        { } text when ProtectionTag.TryReadHex(text, stackalloc byte[size]) => text,
        _ => throw new InvalidDataException($"The model is damaged: its metadata '{name}' has not {size} bytes in hexadecimal."),
    };
}
