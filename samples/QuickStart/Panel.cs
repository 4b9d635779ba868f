using SkiaSharp;

namespace QuickStart;

/// <summary>One cell of a <see cref="ComparisonPicture"/>: an image or a mask and the text under it.</summary>
internal sealed record Panel(SKBitmap Picture, string Caption)
{
    /// <summary>A panel that shows an image file.</summary>
    public static Panel OfImage(string path, string caption = "") => new(SKBitmap.Decode(path), caption);

    /// <summary>A panel that shows a mask in colours.</summary>
    /// <param name="labels">Row by row, 0 for void and k + 1 for class k, as in ML.NET's key columns.</param>
    /// <param name="width">The length of a row.</param>
    /// <param name="colours">The colour of each class.</param>
    /// <param name="caption">The text under the mask.</param>
    public static Panel OfMask(IReadOnlyList<byte> labels, int width, IReadOnlyList<SKColor> colours, string caption)
    {
        var picture = new SKBitmap(width, labels.Count / width, SKColorType.Rgba8888, SKAlphaType.Opaque);
        picture.Pixels = [.. labels.Select(label => label == 0 ? ComparisonPicture.Void : colours[label - 1])];
        return new Panel(picture, caption);
    }
}
