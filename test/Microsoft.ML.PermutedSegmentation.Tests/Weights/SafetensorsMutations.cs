using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Damages safetensors files at random, half of the time with the header's length made right again.</summary>
internal static class SafetensorsMutations
{
    private static readonly string[] Words =
    [
        "0", "-1", "24", "9223372036854775807", "18446744073709551616", "1e9", "null", "[]", "{}", "\"F32\"", "\"F64\"", "\"BF16\"", "\"I64\"", "\"\"", ",", ":", "[", "]", "{", "}", "\"", "\\u0000", "\\",
    ];

    public static byte[] Mutate(byte[] original, Random random)
    {
        byte[] file = [.. original];
        int headerEnd = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        for (int count = random.Next(1, 4); count > 0 && headerEnd > 9; count--)
        {
            int at = random.Next(8, headerEnd), length = random.Next(1, 4);
            switch (random.Next(7))
            {
                case 0:
                    file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[random.Next(8)] ^= (byte)(1 << random.Next(8)); // the header's length
                    break;
                case 2:
                    file = file[..random.Next(9, file.Length)];
                    headerEnd = Math.Min(headerEnd, file.Length);
                    break;
                case 3: // the data
                    file = random.Next(2) == 0 ? [.. file, 0] : [.. file[..headerEnd], .. file[Math.Min(file.Length, headerEnd + length)..]];
                    break;
                case 4:
                    byte[] word = Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]);
                    file = [.. file[..at], .. word, .. file[Math.Min(at + length, headerEnd)..]];
                    headerEnd += word.Length - (Math.Min(at + length, headerEnd) - at);
                    break;
                case 5:
                    file[at] = (byte)random.Next(' ', 127);
                    break;
                default:
                    int digit = Array.FindIndex(file, at, headerEnd - at, value => char.IsAsciiDigit((char)value));
                    if (digit >= 0)
                        file[digit] = (byte)random.Next('0', '9' + 1);
                    break;
            }
        }

        if (random.Next(2) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(file, headerEnd - 8);
        return file;
    }
}
