using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// Resizes images bilinearly with antialiasing, as Pillow does and libtorch's <c>interpolate(antialias: true)</c>, which the network was
/// trained with: a triangle filter, as wide as the scale when it shrinks, first down, then across. Nothing is rounded.
/// </summary>
public sealed class AntialiasedResizer
{
    private readonly PixelRowReader _source;
    private readonly Taps[] _down, _across;
    private byte[] _pixels = [];
    private float[] _row = [], _mixed = [];

    /// <summary>An image at another size, of which only the parts that are read are computed.</summary>
    /// <param name="source">The pixels of the image.</param>
    /// <param name="height">Height of the image, at least 1.</param>
    /// <param name="width">Width of the image, at least 1.</param>
    /// <param name="newHeight">Height of the result.</param>
    /// <param name="newWidth">Width of the result.</param>
    public AntialiasedResizer(PixelRowReader source, int height, int width, int newHeight, int newWidth) =>
        (_source, _down, _across) = (source, Taps.Of(height, newHeight), Taps.Of(width, newWidth));

    /// <summary>Resizes an image.</summary>
    /// <param name="rgb">height x width x 3.</param>
    /// <param name="height">Height of the image, at least 1.</param>
    /// <param name="width">Width of the image, at least 1.</param>
    /// <param name="result">newHeight x newWidth x 3 values from 0 to 255, to be filled.</param>
    /// <param name="newHeight">Height of the result.</param>
    /// <param name="newWidth">Width of the result.</param>
    public static void Resize(ReadOnlySpan<byte> rgb, int height, int width, Span<float> result, int newHeight, int newWidth)
    {
        float[] source = new float[width * 3], mixed = new float[width * 3];
        Taps[] across = Taps.Of(width, newWidth);
        Taps[] down = Taps.Of(height, newHeight);
        for (int y = 0; y < newHeight; y++)
        {
            mixed.AsSpan().Clear();
            for (int i = 0; i < down[y].Weights.Length; i++)
            {
                TensorPrimitives.ConvertTruncating(rgb.Slice((down[y].First + i) * source.Length, source.Length), source);
                TensorPrimitives.MultiplyAdd(source, down[y].Weights[i], mixed, mixed);
            }
            Mix(mixed, 0, across, result.Slice(y * newWidth * 3, newWidth * 3));
        }
    }

    /// <summary>Computes some pixels of one row of the result.</summary>
    /// <param name="y">The row.</param>
    /// <param name="left">The first column.</param>
    /// <param name="result">Filled with red, green and blue, 0 to 255, of each pixel from there on.</param>
    public void Read(int y, int left, Span<float> result)
    {
        ReadOnlySpan<Taps> across = _across.AsSpan(left, result.Length / 3);
        int first = across[0].First, length = (across[^1].End - first) * 3;
        if (_row.Length < length)
            (_pixels, _row, _mixed) = (new byte[length], new float[length], new float[length]);
        Span<float> row = _row.AsSpan(0, length), mixed = _mixed.AsSpan(0, length);
        mixed.Clear();
        for (int i = 0; i < _down[y].Weights.Length; i++)
        {
            Span<byte> pixels = _pixels.AsSpan(0, length);
            _source(_down[y].First + i, first, pixels);
            TensorPrimitives.ConvertTruncating<byte, float>(pixels, row);
            TensorPrimitives.MultiplyAdd(row, _down[y].Weights[i], mixed, mixed);
        }
        Mix(mixed, first, across, result);
    }

    // row: the pixels from the first one on.
    private static void Mix(ReadOnlySpan<float> row, int first, ReadOnlySpan<Taps> taps, Span<float> result)
    {
        for (int x = 0; x < taps.Length; x++)
        {
            float red = 0, green = 0, blue = 0;
            ReadOnlySpan<float> pixels = row[((taps[x].First - first) * 3)..];
            float[] weights = taps[x].Weights;
            for (int i = 0; i < weights.Length; i++)
            {
                red += weights[i] * pixels[3 * i];
                green += weights[i] * pixels[3 * i + 1];
                blue += weights[i] * pixels[3 * i + 2];
            }
            (result[3 * x], result[3 * x + 1], result[3 * x + 2]) = (red, green, blue);
        }
    }

    /// <summary>The pixels that one pixel of the result is made of, along one side, and their shares.</summary>
    private readonly record struct Taps(int First, float[] Weights)
    {
        public int End => First + Weights.Length;

        public static Taps[] Of(int size, int newSize)
        {
            double scale = (double)size / newSize, reach = Math.Max(scale, 1);
            return [.. Enumerable.Range(0, newSize).Select(position =>
            {
                double center = (position + 0.5) * scale;
                int first = Math.Max(0, (int)(center - reach + 0.5)), end = Math.Min(size, (int)(center + reach + 0.5));
                double[] weights = [.. Enumerable.Range(first, end - first).Select(i => Math.Max(0, 1 - Math.Abs(i + 0.5 - center) / reach))];
                double sum = weights.Sum();
                return new Taps(first, Array.ConvertAll(weights, weight => (float)(weight / sum)));
            })];
        }
    }
}
