using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Rows of the tests' own data: noisy images with a rectangle whose colour is its class.</summary>
internal sealed class PatchRow
{
    [ImageType(ColorPatches.Size, ColorPatches.Size)]
    public MLImage Image { get; set; } = null!;

    [VectorType(ColorPatches.Size, ColorPatches.Size), KeyType(3)]
    public byte[] Label { get; set; } = [];

    public string Name { get; set; } = "";
}

/// <summary>Data that a network learns in a few steps: dark background, one red (class 1) or green (class 2) rectangle.</summary>
internal static class ColorPatches
{
    public const int Size = 32;

    public static List<PatchRow> Create(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => CreateRow(i, random))];
    }

    public static IDataView View(MLContext mlContext, int count, int seed = 1) => mlContext.Data.LoadFromEnumerable(Create(count, seed));

    /// <summary>The paper's recipe on a small scale.</summary>
    public static PermutedSegmentationTrainer.Options Options(int epochs = 2)
    {
        var options = PermutedSegmentationTrainer.Options.Paper();
        (options.Backbone, options.ImageHeight, options.ImageWidth) = (Backbone.ResNet18, Size, Size);
        (options.Epochs, options.BatchSize, options.MicroBatchSize, options.WeightDecay) = (epochs, 8, 8, 0.0005);
        return options;
    }

    private static PatchRow CreateRow(int number, Random random)
    {
        int kind = 1 + number % 2;
        int height = random.Next(10, 20), width = random.Next(10, 20), top = random.Next(Size - height), left = random.Next(Size - width);
        byte[] pixels = new byte[Size * Size * 4], mask = new byte[Size * Size];
        for (int p = 0; p < mask.Length; p++)
        {
            int y = p / Size - top, x = p % Size - left;
            bool inside = y >= 0 && y < height && x >= 0 && x < width;
            mask[p] = (byte)(inside ? kind + 1 : 1);
            for (int channel = 0; channel < 3; channel++)
                pixels[4 * p + channel] = (byte)(random.Next(60) + (inside && channel == kind - 1 ? 160 : 0));
            pixels[4 * p + 3] = 255;
        }
        mask[0] = 0; // one void pixel
        return new PatchRow { Image = MLImage.CreateFromPixels(Size, Size, MLPixelFormat.Rgba32, pixels), Label = mask, Name = $"patch {number}" };
    }
}
