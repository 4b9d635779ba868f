using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace QuickStart;

/// <summary>One cell of a <see cref="ComparisonPicture"/>: an image or a mask and the text under it.</summary>
internal sealed record Panel(SKBitmap Picture, string Caption)
{
    /// <summary>A panel that shows an image file.</summary>
    public static Panel OfImage(string path, string caption = "") => new(SKBitmap.Decode(path), caption);

    /// <summary>A panel that shows a mask in the colors of VOC.</summary>
    /// <param name="labels">Row by row, 0 for void and k + 1 for class k, as in ML.NET's key columns.</param>
    /// <param name="width">The length of a row.</param>
    /// <param name="caption">The text under the mask.</param>
    public static Panel OfMask(IReadOnlyList<byte> labels, int width, string caption = "") =>
        new(new SKBitmap(width, labels.Count / width, SKColorType.Rgba8888, SKAlphaType.Opaque)
        {
            Pixels = [.. labels.Select(label => ColorOf(MaskLabels.ToClass(label)))],
        }, caption);

    /// <summary>VOC's color of a class, or of void (255).</summary>
    public static SKColor ColorOf(int classIndex)
    {
        var (red, green, blue) = ClassPalette.Voc[classIndex];
        return new SKColor(red, green, blue);
    }
}
