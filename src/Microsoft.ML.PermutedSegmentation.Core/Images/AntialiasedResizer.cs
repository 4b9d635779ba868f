using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// Resizes images bilinearly with antialiasing, as Pillow does and libtorch's <c>interpolate(antialias: true)</c>: a triangle filter, as wide as the
/// scale when it shrinks, first across, then down. Nothing is rounded.
/// </summary>
/// <remarks>Each row of an image is read once, however many rows of the result it is a part of. One thread at a time may use it.</remarks>
public sealed class AntialiasedResizer
{
    private const int NoRow = -1;

    [ThreadStatic]
    private static AntialiasedResizer? _ofThread;

    private readonly FilterTaps _down = new(), _across = new();
    // Rows of the image at the new width, as many as one row of the result is made of, and which they are.
    private Vector128<float>[] _rows = [], _sum = [];
    private int[] _rowAt = [];
    private int _left, _width;

    /// <summary>Resizes an image.</summary>
    /// <param name="rgb">height x width x 3.</param>
    /// <param name="height">Height of the image, at least 1.</param>
    /// <param name="width">Width of the image, at least 1.</param>
    /// <param name="result">newHeight x newWidth x 3 values from 0 to 255, to be filled.</param>
    /// <param name="newHeight">Height of the result.</param>
    /// <param name="newWidth">Width of the result.</param>
    public static void Resize(ReadOnlySpan<byte> rgb, int height, int width, Span<float> result, int newHeight, int newWidth) =>
        Resize(new PixelSpan(rgb, height, width), result, newHeight, newWidth);

    /// <summary>Resizes an image, or a part of one.</summary>
    /// <param name="image">The pixels.</param>
    /// <param name="result">newHeight x newWidth x 3 values from 0 to 255, to be filled with red, green and blue of each pixel.</param>
    /// <param name="newHeight">Height of the result.</param>
    /// <param name="newWidth">Width of the result.</param>
    /// <param name="finish">Done to each row of the result as soon as it is there.</param>
    public static void Resize(PixelSpan image, Span<float> result, int newHeight, int newWidth, Action<Span<float>>? finish = null) =>
        ResizeRows(image, result, newHeight, newWidth, finish);

    /// <summary>The same of an image whose rows need not lie in memory.</summary>
    internal static void ResizeRows<TImage>(TImage image, Span<float> result, int newHeight, int newWidth, Action<Span<float>>? finish)
        where TImage : IPixelRows, allows ref struct
    {
        AntialiasedResizer resizer = _ofThread ??= new AntialiasedResizer();
        resizer.Begin(image.Height, image.Width, newHeight, newWidth);
        for (int y = 0; y < newHeight; y++)
        {
            Span<float> row = result.Slice(y * newWidth * 3, newWidth * 3);
            resizer.ReadRow(image, y, 0, row);
            finish?.Invoke(row);
        }
    }

    /// <summary>Gets ready for another image.</summary>
    /// <param name="height">Height of the image, at least 1.</param>
    /// <param name="width">Width of the image, at least 1.</param>
    /// <param name="newHeight">Height of the result.</param>
    /// <param name="newWidth">Width of the result.</param>
    public void Begin(int height, int width, int newHeight, int newWidth)
    {
        _down.Set(height, newHeight);
        _across.Set(width, newWidth);
        _width = 0;
    }

    /// <summary>Computes some pixels of one row of the result; rows that follow one another, and begin at the same column, cost least.</summary>
    /// <param name="image">The pixels of the whole image.</param>
    /// <param name="y">The row.</param>
    /// <param name="left">The first column.</param>
    /// <param name="result">Filled with red, green and blue, 0 to 255, of each pixel from there on.</param>
    /// <exception cref="ArgumentException">The image has another size.</exception>
    public void Read(PixelSpan image, int y, int left, Span<float> result) => ReadRow(image, y, left, result);

    private void ReadRow<TImage>(TImage image, int y, int left, Span<float> result)
        where TImage : IPixelRows, allows ref struct
    {
        if (image.Height != _down.Size || image.Width != _across.Size)
            throw new ArgumentException($"The image has {image.Height} x {image.Width} pixels, not {_down.Size} x {_across.Size}.", nameof(image));
        int width = result.Length / 3;
        if ((left, width) != (_left, _width))
            Forget(left, width);
        Span<Vector128<float>> sum = _sum.AsSpan(0, width);
        sum.Clear();
        ReadOnlySpan<float> weights = _down.WeightsOf(y);
        for (int i = 0; i < weights.Length; i++)
        {
            Span<float> values = MemoryMarshal.Cast<Vector128<float>, float>(sum);
            TensorPrimitives.MultiplyAdd(MemoryMarshal.Cast<Vector128<float>, float>(Across(image, _down.FirstOf(y) + i)), weights[i], values, values);
        }
        Vector128<int> order = image.IsBgr ? Vector128.Create(2, 1, 0, 3) : Vector128.Create(0, 1, 2, 3);
        for (int x = 0; x < width - 1; x++)
            Vector128.Shuffle(sum[x], order).CopyTo(result[(3 * x)..]);
        Vector128<float> last = Vector128.Shuffle(sum[width - 1], order);
        (result[^3], result[^2], result[^1]) = (last[0], last[1], last[2]);
    }

    private void Forget(int left, int width)
    {
        (_left, _width) = (left, width);
        if (_rowAt.Length < _down.Most)
            _rowAt = new int[_down.Most];
        if (_rows.Length < _down.Most * width)
            _rows = new Vector128<float>[_down.Most * width];
        if (_sum.Length < width)
            _sum = new Vector128<float>[width];
        _rowAt.AsSpan().Fill(NoRow);
    }

    // A row of the image at the new width.
    private ReadOnlySpan<Vector128<float>> Across<TImage>(TImage image, int y)
        where TImage : IPixelRows, allows ref struct
    {
        int place = y % _down.Most;
        Span<Vector128<float>> row = _rows.AsSpan(place * _width, _width);
        if (_rowAt[place] != y)
        {
            image.MixRow(y, _across, _left, row);
            _rowAt[place] = y;
        }
        return row;
    }
}
