using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Keys;

/// <summary>
/// A repeatable stream of random numbers: AES-256 in counter mode (block n is the encryption of n as a 16-byte big-endian
/// integer, from n = 0), read as little-endian 32-bit words.
/// </summary>
internal sealed class KeyedRandomStream : IDisposable
{
    public const int KeySizeInBytes = 32;

    private const int BlockSize = 16;
    private const int BufferSize = 512 * BlockSize;

    private readonly Aes _aes = Aes.Create();
    private readonly byte[] _counters = new byte[BufferSize];
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _position = BufferSize;
    private ulong _nextBlock;

    public KeyedRandomStream(ReadOnlySpan<byte> key) => _aes.SetKey(key);

    /// <summary>The next number from 0 to <paramref name="bound"/> - 1, each equally likely.</summary>
    public uint NextBelow(uint bound)
    {
        // The words from the last multiple of bound on would favour small remainders, so they are drawn again.
        ulong limit = (1UL << 32) - (1UL << 32) % bound;
        uint word;
        do
            word = NextWord();
        while (word >= limit);
        return word % bound;
    }

    /// <summary>Encrypts or decrypts bytes in place: each becomes its exclusive or with the next byte of the stream.</summary>
    public void Xor(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_position == BufferSize)
                Refill();
            int count = Math.Min(bytes.Length, BufferSize - _position);
            TensorPrimitives.Xor(bytes[..count], _buffer.AsSpan(_position, count), bytes);
            _position += count;
            bytes = bytes[count..];
        }
    }

    public void Dispose()
    {
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(_buffer);
    }

    private uint NextWord()
    {
        if (_position == BufferSize)
            Refill();
        uint word = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_position));
        _position += sizeof(uint);
        return word;
    }

    private void Refill()
    {
        // The upper eight bytes of each counter stay zero: nobody draws 2^64 blocks.
        for (int offset = 0; offset < BufferSize; offset += BlockSize)
            BinaryPrimitives.WriteUInt64BigEndian(_counters.AsSpan(offset + sizeof(ulong)), _nextBlock++);
        _aes.EncryptEcb(_counters, _buffer, PaddingMode.None);
        _position = 0;
    }
}
