using System.Runtime.Intrinsics;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>A part that may reach beyond its image: there it has the mean color.</summary>
/// <param name="image">The image.</param>
/// <param name="top">The part's first row, of the image's.</param>
/// <param name="left">The part's first column.</param>
/// <param name="height">The part's height.</param>
/// <param name="row">Memory for one row of the part, three bytes a pixel.</param>
internal readonly ref struct PaddedPixels(PixelSpan image, int top, int left, int height, Span<byte> row) : IPixelRows
{
    public static readonly byte[] MeanColor = [.. ImageNormalization.Mean.ToArray().Select(value => (byte)Math.Round(value))];

    private readonly PixelSpan _image = image;
    private readonly Span<byte> _row = row;

    public int Height => height;

    public int Width => _row.Length / 3;

    public bool IsBgr => false;

    void IPixelRows.MixRow(int y, FilterTaps taps, int firstResult, Span<Vector128<float>> result)
    {
        int first = Math.Max(0, -left), end = Math.Min(Width, _image.Width - left);
        if (top + y >= 0 && top + y < _image.Height && end > first)
            _image.Part(top + y, left + first, 1, end - first).CopyTo(_row.Slice(first * 3, (end - first) * 3));
        else
            end = first = 0;
        for (int x = 0; x < Width; x++)
        {
            if (x < first || x >= end)
                MeanColor.CopyTo(_row[(x * 3)..]);
        }
        Mix(new PixelSpan(_row, 1, Width), taps, firstResult, result);
    }

    private static void Mix<TImage>(TImage row, FilterTaps taps, int left, Span<Vector128<float>> result)
        where TImage : IPixelRows, allows ref struct => row.MixRow(0, taps, left, result);
}
