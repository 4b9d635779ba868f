using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A checkpoint read, and decrypted, from the description of its format without a line of the library.</summary>
internal sealed class OpenedCheckpoint
{
    private const int DigestSize = 32;

    private readonly byte[] _file;
    private readonly int _sealedStart;
    private readonly byte[]? _keys;

    /// <param name="path">The file.</param>
    /// <param name="key">The bytes of the key, or null when there is none.</param>
    public OpenedCheckpoint(string path, byte[]? key = null)
    {
        (List<(StateEntry Entry, byte[] Values)> tensors, JsonElement? metadata) = StateDict.Read(path);
        Names = [.. tensors.Select(tensor => tensor.Entry.Name)];
        Metadata = metadata!.Value.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!);
        _file = File.ReadAllBytes(path);
        _sealedStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(_file) + DigestSize;
        if (key is not null)
            _keys = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 64, Salt, Encoding.ASCII.GetBytes("PermutedSegmentation/v1/checkpoint/" + Metadata["nonce"]));

        byte[] opened = Decrypt(_file.AsSpan(_sealedStart));
        int start = 0;
        foreach ((StateEntry entry, byte[] values) in tensors.Skip(1))
        {
            Content[entry.Name] = (entry.Shape, opened[start..(start + values.Length)]);
            start += values.Length;
        }
    }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public byte[] Salt => Convert.FromHexString(Metadata["salt"]);

    public IReadOnlyList<string> Names { get; }

    /// <summary>The decrypted bytes behind the digest, by name.</summary>
    public Dictionary<string, (long[] Shape, byte[] Bytes)> Content { get; } = [];

    public JsonElement Description => JsonDocument.Parse(Content["description"].Bytes).RootElement;

    public float[] Values(string name) => MemoryMarshal.Cast<byte, float>(Content[name].Bytes).ToArray();

    /// <summary>Whether the digest in the file is the one of its other bytes, as they are in the file.</summary>
    public bool HasRightDigest()
    {
        using var hash = _keys is null ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _keys[32..]);
        hash.AppendData(_file.AsSpan(0, _sealedStart - DigestSize));
        hash.AppendData(_file.AsSpan(_sealedStart));
        return _file.AsSpan(_sealedStart - DigestSize, DigestSize).SequenceEqual(hash.GetHashAndReset());
    }

    // AES-256 in counter mode, counting from 0 with 16-byte big-endian integers.
    private byte[] Decrypt(ReadOnlySpan<byte> bytes)
    {
        if (_keys is null)
            return bytes.ToArray();
        byte[] counters = new byte[(bytes.Length + 15) / 16 * 16];
        for (int block = 0; block < counters.Length / 16; block++)
            BinaryPrimitives.WriteInt64BigEndian(counters.AsSpan(16 * block + 8), block);
        using var aes = Aes.Create();
        aes.Key = _keys[..32];
        byte[] stream = aes.EncryptEcb(counters, PaddingMode.None);
        byte[] opened = new byte[bytes.Length];
        for (int i = 0; i < opened.Length; i++)
            opened[i] = (byte)(bytes[i] ^ stream[i]);
        return opened;
    }
}
