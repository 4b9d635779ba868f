using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>
/// FF1, the format-preserving encryption of NIST SP 800-38G (algorithm 7): a Feistel network of ten rounds over strings
/// of numerals, whose round function is AES. It descends from the FFX mode [37] that the paper names.
/// </summary>
/// <remarks>
/// Only what is needed here: there is no decryption, since who encrypts few messages inverts the table of them. The
/// standard's least number of possible messages (100 in its first edition, 1000000 in revision 1) is up to the caller.
/// </remarks>
internal sealed class Ff1 : IDisposable
{
    private const int BlockSize = 16;
    private const int Rounds = 10;

    private readonly Aes _aes = Aes.Create();
    private readonly int _radix;

    /// <param name="key">An AES key: 16, 24 or 32 bytes.</param>
    /// <param name="radix">How many numerals there are, 2 to 65536.</param>
    public Ff1(ReadOnlySpan<byte> key, int radix)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(radix, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(radix, 1 << 16);
        _aes.SetKey(key);
        _radix = radix;
    }

    /// <summary>Encrypts a string of at least two numerals, each from 0 to radix - 1, most significant first.</summary>
    public int[] Encrypt(ReadOnlySpan<int> numerals, ReadOnlySpan<byte> tweak)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numerals.Length, 2, nameof(numerals));
        int leftLength = numerals.Length / 2, rightLength = numerals.Length - leftLength;
        BigInteger left = ToNumber(numerals[..leftLength]), right = ToNumber(numerals[leftLength..]);
        BigInteger leftBound = BigInteger.Pow(_radix, leftLength), rightBound = BigInteger.Pow(_radix, rightLength);
        // b of the standard: the bytes that the larger half takes.
        int halfSize = (rightBound - 1).GetByteCount(isUnsigned: true);
        byte[] message = CreateMessage(numerals.Length, leftLength, tweak, halfSize);
        // d of the standard: four bytes more than b, rounded up to whole words.
        byte[] pseudoRandom = new byte[4 * ((halfSize + 3) / 4) + 4];
        for (int round = 0; round < Rounds; round++)
        {
            message[^(halfSize + 1)] = (byte)round;
            WriteBigEndian(right, message.AsSpan(message.Length - halfSize));
            FillPseudoRandom(message, pseudoRandom);
            BigInteger sum = left + new BigInteger(pseudoRandom, isUnsigned: true, isBigEndian: true);
            (left, right) = (right, sum % (round % 2 == 0 ? leftBound : rightBound));
        }

        int[] result = new int[numerals.Length];
        WriteNumerals(left, result.AsSpan(0, leftLength));
        WriteNumerals(right, result.AsSpan(leftLength));
        return result;
    }

    public void Dispose() => _aes.Dispose();

    // P || Q of the standard; the round number and the right half, its last bytes, change with each round.
    private byte[] CreateMessage(int length, int leftLength, ReadOnlySpan<byte> tweak, int halfSize)
    {
        int end = BlockSize + tweak.Length + 1 + halfSize;
        byte[] message = new byte[(end + BlockSize - 1) / BlockSize * BlockSize];
        message[0] = 1;
        message[1] = 2;
        message[2] = 1;
        message[3] = (byte)(_radix >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), (ushort)_radix);
        message[6] = Rounds;
        message[7] = (byte)leftLength;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(8), length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(12), tweak.Length);
        tweak.CopyTo(message.AsSpan(BlockSize));
        return message;
    }

    // R = CBC-MAC of the message; S = R || AES(R xor 1) || AES(R xor 2) || ..., as much as is needed.
    private void FillPseudoRandom(ReadOnlySpan<byte> message, Span<byte> output)
    {
        Span<byte> chained = stackalloc byte[BlockSize];
        chained.Clear();
        for (; !message.IsEmpty; message = message[BlockSize..])
        {
            for (int i = 0; i < BlockSize; i++)
                chained[i] ^= message[i];
            _aes.EncryptEcb(chained, chained, PaddingMode.None);
        }

        Span<byte> block = stackalloc byte[BlockSize];
        chained.CopyTo(block);
        for (int number = 1; ; number++)
        {
            block[..Math.Min(BlockSize, output.Length)].CopyTo(output);
            if (output.Length <= BlockSize)
                return;
            output = output[BlockSize..];
            chained.CopyTo(block);
            BinaryPrimitives.WriteUInt32BigEndian(block[12..], BinaryPrimitives.ReadUInt32BigEndian(block[12..]) ^ (uint)number);
            _aes.EncryptEcb(block, block, PaddingMode.None);
        }
    }

    private BigInteger ToNumber(ReadOnlySpan<int> numerals)
    {
        BigInteger number = 0;
        foreach (int numeral in numerals)
        {
            if (numeral < 0 || numeral >= _radix)
                throw new ArgumentOutOfRangeException(nameof(numerals), $"A numeral must be from 0 to {_radix - 1}.");
            number = number * _radix + numeral;
        }
        return number;
    }

    private void WriteNumerals(BigInteger number, Span<int> numerals)
    {
        for (int i = numerals.Length - 1; i >= 0; i--)
        {
            number = BigInteger.DivRem(number, _radix, out BigInteger numeral);
            numerals[i] = (int)numeral;
        }
    }

    private static void WriteBigEndian(BigInteger number, Span<byte> target)
    {
        target.Clear();
        number.TryWriteBytes(target[^number.GetByteCount(isUnsigned: true)..], out _, isUnsigned: true, isBigEndian: true);
    }
}
