using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>Encrypts or decrypts all tensors of a file, one after the other, and authenticates the file.</summary>
/// <param name="key">The key; it stays the caller's.</param>
/// <param name="salt">The file's.</param>
/// <param name="open">Whether to decrypt.</param>
internal sealed class SealStep(PermutationKey key, byte[] salt, bool open) : ITensorStep
{
    private const string Purpose = "onnx-seal";

    private readonly FileSeal _seal = FileSeal.Create(key, salt, Purpose);

    public bool Changes(StoredTensor tensor) => true;

    public bool NeedsWhole(StoredTensor tensor) => false;

    public void Apply(StoredTensor tensor, Span<byte> values)
    {
        // What lies in the ONNX file itself is authenticated with it.
        if (open && tensor.IsExternal)
            _seal.Append(values);
        _seal.Transform(values);
        if (!open && tensor.IsExternal)
            _seal.Append(values);
    }

    /// <summary>The digest of the whole file, once all tensors went through.</summary>
    /// <param name="body">SHA-256 of the ONNX file up to the digest.</param>
    public byte[] GetDigest(ReadOnlySpan<byte> body)
    {
        _seal.Append(body);
        return _seal.GetDigest();
    }

    /// <summary>Refuses what was not sealed like this.</summary>
    /// <param name="body">SHA-256 of the ONNX file up to the digest.</param>
    /// <param name="digest">The digest that it ends with.</param>
    /// <param name="isRightKey">Whether the key is known to be the right one.</param>
    /// <exception cref="InvalidDataException">The file was altered.</exception>
    /// <exception cref="WrongKeyException">That, or the key is another one.</exception>
    public void Verify(ReadOnlySpan<byte> body, ReadOnlySpan<byte> digest, bool isRightKey)
    {
        if (CryptographicOperations.FixedTimeEquals(GetDigest(body), digest))
            return;
        throw isRightKey
            ? new InvalidDataException("The model is damaged: it was altered after it was sealed.")
            : new WrongKeyException("This is not the key of the model, or the model was altered after it was sealed.");
    }

    public void Dispose() => _seal.Dispose();
}
