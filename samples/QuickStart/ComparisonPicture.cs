using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace QuickStart;

/// <summary>Images and masks side by side: a title above each column, a caption under each panel, a legend of the classes.</summary>
internal static class ComparisonPicture
{
    private const int PanelSize = 192, Gap = 16, TextScale = 2, TextHeight = 7 * TextScale;
    private static readonly SKColor Paper = new(252, 252, 250), Ink = new(40, 44, 52), Grey = new(110, 116, 128);

    /// <summary>Writes the picture as a PNG file.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="titles">The columns' titles.</param>
    /// <param name="rows">One example a row, as many panels as there are titles.</param>
    /// <param name="classNames">The classes to explain below, in the order of their indices.</param>
    public static void Save(string path, string[] titles, IReadOnlyList<Panel[]> rows, IReadOnlyList<string> classNames)
    {
        const int ColumnStep = PanelSize + Gap, RowStep = PanelSize + 2 * Gap + TextHeight, Top = 2 * Gap + TextHeight;
        var legendTop = Top + rows.Count * RowStep;
        using var page = new SKBitmap(Gap + titles.Length * ColumnStep, legendTop + TextHeight + Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(page);
        canvas.Clear(Paper);

        for (var column = 0; column < titles.Length; column++)
        {
            var left = Gap + column * ColumnStep;
            DrawCentered(canvas, titles[column], left, Gap, Ink);
            for (var row = 0; row < rows.Count; row++)
            {
                var top = Top + row * RowStep;
                DrawPanel(canvas, rows[row][column].Picture, left, top);
                DrawCentered(canvas, rows[row][column].Caption, left, top + PanelSize + Gap / 2, Grey);
            }
        }
        DrawLegend(canvas, classNames, legendTop);

        using var file = File.Create(path);
        page.Encode(file, SKEncodedImageFormat.Png, quality: 100);
    }

    private static void DrawPanel(SKCanvas canvas, SKBitmap picture, int left, int top)
    {
        // Nearest neighbor: the reader is to see the pixels that were scored.
        var scale = (float)PanelSize / Math.Max(picture.Width, picture.Height);
        var (width, height) = (picture.Width * scale, picture.Height * scale);
        var target = SKRect.Create(left + (PanelSize - width) / 2, top + (PanelSize - height) / 2, width, height);
        using var paint = new SKPaint { FilterQuality = SKFilterQuality.None };
        canvas.DrawBitmap(picture, target, paint);
    }

    private static void DrawLegend(SKCanvas canvas, IReadOnlyList<string> classNames, int top)
    {
        float x = Gap;
        foreach (var (index, name) in classNames.Index().Append((ClassPalette.VoidClass, "void")))
        {
            using var swatch = new SKPaint { Color = Panel.ColorOf(index) };
            canvas.DrawRect(x, top, TextHeight, TextHeight, swatch);
            PixelFont.Draw(canvas, name, x + 1.5f * TextHeight, top, TextScale, Grey);
            x += PixelFont.Measure(name, TextScale) + 3.5f * TextHeight;
        }
    }

    private static void DrawCentered(SKCanvas canvas, string text, int left, int top, SKColor color) =>
        PixelFont.Draw(canvas, text, left + (PanelSize - PixelFont.Measure(text, TextScale)) / 2, top, TextScale, color);
}
