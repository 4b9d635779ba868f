using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>The pixels of an image in memory, or of a part of it, in the order in which they lie there.</summary>
public readonly ref struct PixelSpan : IPixelRows
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _rowLength, _pixelLength;

    /// <summary>An image whose rows follow one another without a gap.</summary>
    /// <param name="bytes">The first byte of each pixel is red, the second green, the third blue.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="bytesPerPixel">3, or 4: then the fourth does not matter.</param>
    /// <param name="isBgr">The first byte is blue and the third red.</param>
    /// <exception cref="ArgumentOutOfRangeException">A pixel has fewer bytes than 3 or more than 4.</exception>
    /// <exception cref="ArgumentException">There are more bytes, or fewer.</exception>
    public PixelSpan(ReadOnlySpan<byte> bytes, int height, int width, int bytesPerPixel = 3, bool isBgr = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerPixel, 3);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytesPerPixel, 4);
        if ((long)height * width * bytesPerPixel != bytes.Length)
            throw new ArgumentException($"{height} x {width} pixels of {bytesPerPixel} bytes are not {bytes.Length} bytes.", nameof(bytes));
        _bytes = bytes;
        (Height, Width, _rowLength, _pixelLength, IsBgr) = (height, width, width * bytesPerPixel, bytesPerPixel, isBgr);
    }

    private PixelSpan(PixelSpan whole, int top, int left, int height, int width)
    {
        (Height, Width, _rowLength, _pixelLength, IsBgr) = (height, width, whole._rowLength, whole._pixelLength, whole.IsBgr);
        _bytes = whole._bytes[(top * _rowLength + left * _pixelLength)..];
    }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Whether blue comes first, and red last.</summary>
    public bool IsBgr { get; }

    /// <summary>A part of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It reaches beyond the image, or is empty.</exception>
    public PixelSpan Part(int top, int left, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, Height - top);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, Width - left);
        return new PixelSpan(this, top, left, height, width);
    }

    /// <summary>Copies all pixels, row by row.</summary>
    /// <param name="rgb">Filled with red, green and blue of each, height x width x 3.</param>
    internal void CopyTo(Span<byte> rgb)
    {
        (int red, int blue) = IsBgr ? (2, 0) : (0, 2);
        for (int y = 0, to = 0; y < Height; y++)
        {
            ReadOnlySpan<byte> row = _bytes.Slice(y * _rowLength, Width * _pixelLength);
            for (int from = 0; from < row.Length; from += _pixelLength, to += 3)
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (row[from + red], row[from + 1], row[from + blue]);
        }
    }

    void IPixelRows.MixRow(int y, FilterTaps taps, int left, Span<Vector128<float>> result)
    {
        ReadOnlySpan<byte> row = _bytes.Slice(y * _rowLength, Width * _pixelLength);
        // All four bytes of a pixel are read at once; behind the last one of the image there may be none.
        int readable = _pixelLength == 4 || y * _rowLength + row.Length < _bytes.Length ? Width : Width - 1;
        ref byte start = ref MemoryMarshal.GetReference(row);
        for (int x = 0; x < result.Length; x++)
        {
            int first = taps.FirstOf(left + x);
            ReadOnlySpan<float> weights = taps.WeightsOf(left + x);
            int whole = Math.Min(weights.Length, readable - first);
            Vector128<float> sum = Vector128<float>.Zero;
            for (int i = 0; i < whole; i++)
                sum = Vector128.MultiplyAddEstimate(Widen(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, (first + i) * _pixelLength))), Vector128.Create(weights[i]), sum);
            if (whole < weights.Length)
                sum = Vector128.MultiplyAddEstimate(Widen(row[^3] | (uint)row[^2] << 8 | (uint)row[^1] << 16), Vector128.Create(weights[^1]), sum);
            result[x] = sum;
        }
    }

    private static Vector128<float> Widen(uint pixel) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte())).AsInt32());
}
