using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A row with an image of any size.</summary>
internal sealed class PatchImage
{
    [ImageType(1, 1)]
    public MLImage Image { get; set; } = null!;

    /// <summary>An image of colored blobs, such as the networks of the tests tell apart, and some noise.</summary>
    public static PatchImage Create(int height, int width, int seed, bool mirrored = false)
    {
        var random = new Random(seed);
        byte[] kinds = new byte[16 * 16], pixels = new byte[height * width * 4];
        random.NextBytes(kinds);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int kind = kinds[y / 19 % 16 * 16 + x / 17 % 16] % 3, p = 4 * (y * width + (mirrored ? width - 1 - x : x));
                for (int channel = 0; channel < 3; channel++)
                    pixels[p + channel] = (byte)(random.Next(60) + (channel == kind - 1 ? 160 : 0));
                pixels[p + 3] = 255;
            }
        }
        return new PatchImage { Image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels) };
    }
}
