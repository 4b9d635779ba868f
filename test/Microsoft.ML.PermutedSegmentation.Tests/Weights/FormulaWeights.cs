using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// Weights and images that follow formulas which make_torchvision_fixture.py has, too: networks of real size need no file.
/// Batch norms do something, and no two channels are the same.
/// </summary>
internal static class FormulaWeights
{
    /// <summary>The values of a tensor of a state dict, as little-endian floats (or the one whole number of a counter).</summary>
    public static byte[] Of(string name, long[] shape)
    {
        if (name.EndsWith("num_batches_tracked"))
            return BitConverter.GetBytes(1234L);
        (double center, double spread) = shape.Length == 4 ? (0.0, Math.Sqrt(6.0 / (shape[1] * shape[2] * shape[3])))
            : name.EndsWith("running_var") || name.EndsWith("weight") ? (0.75, 0.25)
            : (0.0, 0.25);
        uint seed = Seed(name);
        float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(center + spread * ((Hash(seed, i) >> 8) / 8388608.0 - 1));
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    /// <summary>Slopes, edges and a little noise: RGB bytes, [height, width, 3].</summary>
    public static byte[] Image(int height, int width)
    {
        uint seed = Seed("image");
        byte[] image = new byte[height * width * 3];
        for (int i = 0; i < image.Length; i++)
        {
            int y = i / 3 / width, x = i / 3 % width, color = i % 3;
            image[i] = (byte)(5 * x + 3 * y + 70 * color + 90 * ((x / 16 + y / 12) % 2) + (int)(Hash(seed, i) >> 28));
        }
        return image;
    }

    // FNV-1a.
    private static uint Seed(string name) => name.Aggregate(2166136261, (seed, character) => (seed ^ character) * 16777619);

    // The 32-bit finalizer of MurmurHash3.
    private static uint Hash(uint seed, int index)
    {
        uint x = (uint)index * 2654435761 + seed;
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        return x ^ (x >> 16);
    }
}
