using System.Buffers.Binary;
using System.Text;

namespace SegmentationService.Answers;

/// <summary>Arrays as files of NumPy (NEP 1, version 1.0), which say their own shape.</summary>
internal static class NpyFile
{
    private const int Alignment = 64;

    public static byte[] Of(float[] values, int classes, int height, int width)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({classes}, {height}, {width}), }}";
        int length = (10 + header.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] file = new byte[length + sizeof(float) * values.Length];
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)(length - 10));
        Encoding.ASCII.GetBytes(header.PadRight(length - 11) + "\n", file.AsSpan(10));
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(length + sizeof(float) * i), values[i]);
        return file;
    }
}
