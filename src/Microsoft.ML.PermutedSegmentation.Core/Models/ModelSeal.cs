using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// What encrypts and authenticates the weights of one model (docs/sealing.md), without the key itself: an unlocked model keeps it, to be
/// saved again.
/// </summary>
internal sealed class ModelSeal
{
    /// <summary>Bytes of a file's nonce.</summary>
    public const int NonceSize = 16;

    private const string Purpose = "seal";

    private readonly byte[] _root = GC.AllocateArray<byte>(SHA256.HashSizeInBytes, pinned: true);

    /// <param name="key">The key, right or wrong.</param>
    /// <param name="salt">The model's.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public ModelSeal(PermutationKey key, ReadOnlySpan<byte> salt) => key.Derive(salt, Purpose, _root);

    /// <summary>Starts to seal or to open a file: the model's description is authenticated first.</summary>
    /// <param name="description">The model.</param>
    /// <param name="nonce">Random bytes that no other content was sealed with.</param>
    public FileSeal For(ModelDescription description, ReadOnlySpan<byte> nonce)
    {
        Span<byte> keys = stackalloc byte[FileSeal.KeysSizeInBytes];
        try
        {
            HKDF.Expand(HashAlgorithmName.SHA256, _root, keys, Encoding.ASCII.GetBytes($"PermutedSegmentation/v1/{Purpose}/{Convert.ToHexStringLower(nonce)}"));
            var seal = new FileSeal(keys);
            Span<byte> lengths = stackalloc byte[2 * sizeof(int)];
            foreach ((string name, string value) in ModelMetadata.WriteAuthenticated(description))
            {
                byte[] nameBytes = Encoding.UTF8.GetBytes(name), valueBytes = Encoding.UTF8.GetBytes(value);
                BinaryPrimitives.WriteInt32LittleEndian(lengths, nameBytes.Length);
                BinaryPrimitives.WriteInt32LittleEndian(lengths[sizeof(int)..], valueBytes.Length);
                seal.Append(lengths);
                seal.Append(nameBytes);
                seal.Append(valueBytes);
            }
            return seal;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
            // Until here nothing may clear what the keys are made of.
            GC.KeepAlive(this);
        }
    }

    /// <summary>Clears what could open the model. Models that were made from one another share it.</summary>
    ~ModelSeal() => CryptographicOperations.ZeroMemory(_root);
}
