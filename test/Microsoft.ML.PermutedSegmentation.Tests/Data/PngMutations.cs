using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Damages PNG files at random, half of the time with the chunks' checksums made right again.</summary>
internal static class PngMutations
{
    public static byte[] Mutate(byte[] original, Random random)
    {
        byte[] file = [.. original];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int at = random.Next(file.Length);
            switch (random.Next(5))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    file[at] = random.Next(2) == 0 ? byte.MaxValue : (byte)0;
                    break;
                case 3:
                    file = [.. file[..at], .. file[random.Next(file.Length)..]];
                    break;
                default:
                    file[8 + random.Next(Math.Min(25, file.Length - 8))] ^= (byte)(1 << random.Next(8)); // the header
                    break;
            }

            if (file.Length < 9)
                return file;
        }

        if (random.Next(2) == 0)
            FixChecksums(file);
        return file;
    }

    /// <summary>Computes the checksum of every chunk anew, bit by bit (ISO/IEC 15948, section 5.5).</summary>
    public static void FixChecksums(byte[] file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (at + 12 + length > file.Length)
                return;
            uint crc = uint.MaxValue;
            foreach (byte value in file.AsSpan((int)at + 4, (int)length + 4))
            {
                crc ^= value;
                for (int bit = 0; bit < 8; bit++)
                    crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }

            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan((int)(at + 8 + length)), ~crc);
            at += 12 + length;
        }
    }
}
