using System.Buffers;
using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>What is done to one image besides cutting and mirroring: it is turned, its colors change, and it is blurred.</summary>
/// <remarks>
/// Without libtorch, whose operators start threads of their own for each thread that calls them. The bits are the same on all threads: sums of
/// many values go from the first to the last.
/// </remarks>
internal sealed record ImageChange
{
    // Weights of red, green and blue in a grey (W3C, Filter Effects Module Level 1, as of feColorMatrix).
    private static ReadOnlySpan<double> Grey => [0.213, 0.715, 0.072];

    public static ImageChange None { get; } = new();

    /// <summary>By how much it is turned around its centre, clockwise.</summary>
    public double Degrees { get; init; }

    /// <summary>What values are multiplied by.</summary>
    public double Brightness { get; init; } = 1;

    /// <summary>What the distance from the image's mean grey is multiplied by.</summary>
    public double Contrast { get; init; } = 1;

    /// <summary>What the distance from a pixel's grey is multiplied by.</summary>
    public double Saturation { get; init; } = 1;

    /// <summary>By how much colors are turned around the grey axis.</summary>
    public double HueDegrees { get; init; }

    /// <summary>Standard deviation of the blur, in pixels.</summary>
    public double Blur { get; init; }

    /// <summary>Changes an image. Where a turned image does not reach, it has the mean color.</summary>
    /// <param name="rgb">height x width x 3, values 0 to 255.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public void Apply(Span<float> rgb, int height, int width)
    {
        if (Degrees == 0 && Blur == 0)
        {
            ChangeColors(rgb);
            return;
        }
        float[] buffer = ArrayPool<float>.Shared.Rent(rgb.Length);
        Span<float> copy = buffer.AsSpan(0, rgb.Length);
        if (Degrees != 0)
        {
            rgb.CopyTo(copy);
            Turn(copy, rgb, height, width);
        }
        ChangeColors(rgb);
        if (Blur > 0)
            Smooth(rgb, copy, height, width);
        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <summary>Turns a mask as <see cref="Apply(Span{float}, int, int)"/> turns its image, by the nearest pixel; what comes from outside of it is void.</summary>
    /// <param name="mask">Key values, height x width.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public void Apply(Span<byte> mask, int height, int width)
    {
        if (Degrees == 0)
            return;
        var turn = new Turning(Degrees, height, width);
        byte[] source = ArrayPool<byte>.Shared.Rent(mask.Length);
        mask.CopyTo(source);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (double exactX, double exactY) = turn.SourceOf(x, y);
                int fromX = (int)Math.Round(exactX), fromY = (int)Math.Round(exactY);
                mask[y * width + x] = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height ? source[fromY * width + fromX] : MaskLabels.VoidKeyValue;
            }
        }
        ArrayPool<byte>.Shared.Return(source);
    }

    // Bilinearly.
    private void Turn(ReadOnlySpan<float> source, Span<float> rgb, int height, int width)
    {
        var turn = new Turning(Degrees, height, width);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (double fromX, double fromY) = turn.SourceOf(x, y);
                int left = (int)Math.Floor(fromX), top = (int)Math.Floor(fromY);
                float across = (float)(fromX - left), down = (float)(fromY - top);
                ReadOnlySpan<float> topLeft = turn.ColorAt(source, left, top), topRight = turn.ColorAt(source, left + 1, top);
                ReadOnlySpan<float> bottomLeft = turn.ColorAt(source, left, top + 1), bottomRight = turn.ColorAt(source, left + 1, top + 1);
                Span<float> pixel = rgb.Slice(3 * (y * width + x), 3);
                for (int color = 0; color < 3; color++)
                {
                    float upper = topLeft[color] + across * (topRight[color] - topLeft[color]), lower = bottomLeft[color] + across * (bottomRight[color] - bottomLeft[color]);
                    pixel[color] = upper + down * (lower - upper);
                }
            }
        }
    }

    private void ChangeColors(Span<float> rgb)
    {
        if (Brightness == 1 && Contrast == 1 && Saturation == 1 && HueDegrees == 0)
            return;
        Span<float> matrix = stackalloc float[9];
        FillColorMatrix(matrix);
        double sum = 0;
        for (int i = 0; i < rgb.Length; i += 3)
        {
            (float red, float green, float blue) = (rgb[i], rgb[i + 1], rgb[i + 2]);
            for (int color = 0; color < 3; color++)
            {
                float value = matrix[3 * color] * red + matrix[3 * color + 1] * green + matrix[3 * color + 2] * blue;
                rgb[i + color] = value;
                sum += Grey[color] * value;
            }
        }
        double mean = sum / (rgb.Length / 3);
        // (mean + contrast (color - mean)) brightness
        TensorPrimitives.Multiply(rgb, (float)(Contrast * Brightness), rgb);
        TensorPrimitives.Add(rgb, (float)(mean * (1 - Contrast) * Brightness), rgb);
        TensorPrimitives.Max(rgb, 0, rgb);
        TensorPrimitives.Min(rgb, 255, rgb);
    }

    // The hue's matrix, and then grey + saturation (color - grey).
    private void FillColorMatrix(Span<float> matrix)
    {
        (double sine, double cosine) = Math.SinCos(HueDegrees * Math.PI / 180);
        ReadOnlySpan<double> ofSine = [-0.213, -0.715, 0.928, 0.143, 0.140, -0.283, -0.787, 0.715, 0.072];
        Span<double> hue = stackalloc double[9];
        for (int i = 0; i < 9; i++)
            hue[i] = Grey[i % 3] + cosine * ((i % 4 == 0 ? 1 : 0) - Grey[i % 3]) + sine * ofSine[i];
        for (int i = 0; i < 9; i++)
        {
            double grey = Grey[0] * hue[i % 3] + Grey[1] * hue[3 + i % 3] + Grey[2] * hue[6 + i % 3];
            matrix[i] = (float)(grey + Saturation * (hue[i] - grey));
        }
    }

    // Across, and then down. Beyond its border the image is mirrored, which can be no longer than what it mirrors.
    private void Smooth(Span<float> rgb, Span<float> rows, int height, int width)
    {
        int radius = Math.Min((int)Math.Ceiling(3 * Blur), Math.Min(height, width) - 1), length = 3 * width;
        Span<float> bell = stackalloc float[2 * radius + 1];
        double whole = 0;
        for (int i = 0; i < bell.Length; i++)
            whole += bell[i] = (float)Math.Exp(-(i - radius) * (i - radius) / (2 * Blur * Blur));
        TensorPrimitives.Divide(bell, (float)whole, bell);
        float[] buffer = ArrayPool<float>.Shared.Rent(length + 6 * radius);
        for (int y = 0; y < height; y++)
        {
            for (int x = -radius; x < width + radius; x++)
                rgb.Slice(length * y + 3 * Mirror(x, width), 3).CopyTo(buffer.AsSpan(3 * (x + radius)));
            Span<float> sum = rows.Slice(length * y, length);
            sum.Clear();
            for (int i = 0; i < bell.Length; i++)
                TensorPrimitives.MultiplyAdd(buffer.AsSpan(3 * i, length), bell[i], sum, sum);
        }
        for (int y = 0; y < height; y++)
        {
            Span<float> sum = rgb.Slice(length * y, length);
            sum.Clear();
            for (int i = 0; i < bell.Length; i++)
                TensorPrimitives.MultiplyAdd(rows.Slice(length * Mirror(y + i - radius, height), length), bell[i], sum, sum);
        }
        ArrayPool<float>.Shared.Return(buffer);
    }

    private static int Mirror(int place, int size) => Math.Abs(place) < size ? Math.Abs(place) : 2 * size - 2 - place;

    /// <summary>Where the pixels of a turned image come from.</summary>
    private readonly struct Turning
    {
        private readonly double _sine, _cosine, _middleX, _middleY;
        private readonly int _height, _width;

        public Turning(double degrees, int height, int width)
        {
            (_sine, _cosine) = Math.SinCos(degrees * Math.PI / 180);
            (_middleX, _middleY, _height, _width) = ((width - 1) / 2.0, (height - 1) / 2.0, height, width);
        }

        public (double X, double Y) SourceOf(int x, int y)
        {
            double dx = x - _middleX, dy = y - _middleY;
            return (_middleX + _cosine * dx + _sine * dy, _middleY - _sine * dx + _cosine * dy);
        }

        public ReadOnlySpan<float> ColorAt(ReadOnlySpan<float> rgb, int x, int y) =>
            (uint)x < (uint)_width && (uint)y < (uint)_height ? rgb.Slice(3 * (y * _width + x), 3) : ImageNormalization.Mean;
    }
}
