using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace Workbench;

/// <summary>One image and the classes that a model sees in it.</summary>
/// <param name="ImagePath">The image file.</param>
/// <param name="Labels">Row by row, 0 for void and k + 1 for class k.</param>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The length of a row.</param>
internal sealed record MaskPrediction(string ImagePath, byte[] Labels, int Height, int Width)
{
    /// <summary>Reads the columns ImagePath and PredictedLabel of scored rows, one after the other.</summary>
    public static IEnumerable<MaskPrediction> Read(IDataView scored)
    {
        var pathColumn = scored.Schema["ImagePath"];
        var labelColumn = scored.Schema["PredictedLabel"];
        var size = ((VectorDataViewType)labelColumn.Type).Dimensions;

        using var cursor = scored.GetRowCursor([pathColumn, labelColumn]);
        var getPath = cursor.GetGetter<ReadOnlyMemory<char>>(pathColumn);
        var getLabels = cursor.GetGetter<VBuffer<byte>>(labelColumn);
        ReadOnlyMemory<char> path = default;
        VBuffer<byte> labels = default;
        while (cursor.MoveNext())
        {
            getPath(ref path);
            getLabels(ref labels);
            yield return new MaskPrediction(path.ToString(), [.. labels.DenseValues()], size[0], size[1]);
        }
    }

    /// <summary>The labels at another size, by nearest pixel: a class is not a number to be blended.</summary>
    public byte[] Resize(int height, int width)
    {
        // (i + 0.5) * from / to without rounding.
        static int Nearest(int i, int from, int to) => (int)((2L * i + 1) * from / (2L * to));

        var labels = new byte[height * width];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                labels[y * width + x] = Labels[Nearest(y, Height, height) * Width + Nearest(x, Width, width)];
        return labels;
    }

    /// <summary>Writes the mask and the overlay picture, both at the image's own size, into a folder.</summary>
    public void Save(string folder)
    {
        using var image = SKBitmap.Decode(ImagePath) ?? throw new InvalidDataException($"'{ImagePath}' is no image, or damaged.");
        var labels = Resize(image.Height, image.Width);

        var name = Path.GetFileNameWithoutExtension(ImagePath) + ".png";
        MaskFile.Save(Path.Combine(folder, name), labels, image.Height, image.Width);
        using var overlay = Overlay(image, labels);
        WholeFile.Write(Path.Combine(folder, "overlays", name), path =>
        {
            using var file = File.Create(path);
            overlay.Encode(file, SKEncodedImageFormat.Png, quality: 100);
        });
    }

    private static SKBitmap Overlay(SKBitmap image, byte[] labels)
    {
        static byte Half(byte a, byte b) => (byte)((a + b) / 2);
        return new SKBitmap(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque)
        {
            Pixels = [.. image.Pixels.Zip(labels, (pixel, label) =>
            {
                var (red, green, blue) = ClassPalette.Voc[label - 1];
                return new SKColor(Half(pixel.Red, red), Half(pixel.Green, green), Half(pixel.Blue, blue));
            })],
        };
    }
}
