namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// The paper's augmentation (Sec. III-A): a random part of the image, of random size and aspect ratio, mirrored half of
/// the time, if wanted. The same box is cut from image and mask.
/// </summary>
/// <param name="minimumArea">Least share of the image's area that a part covers, in (0, 1].</param>
internal sealed class RandomResizedCrop(double minimumArea)
{
    private const double WidestAspect = 4.0 / 3.0;
    private const int Attempts = 10;

    /// <summary>Draws a box for an image of the given size.</summary>
    public CropBox Draw(int height, int width, Random random, bool mirror = true)
    {
        bool mirrored = mirror && random.Next(2) == 1;
        for (int attempt = 0; minimumArea < 1 && attempt < Attempts; attempt++)
        {
            double area = height * (double)width * (minimumArea + random.NextDouble() * (1 - minimumArea));
            // Uniform in the logarithm, so that tall and wide boxes are equally likely.
            double aspect = Math.Pow(WidestAspect, 2 * random.NextDouble() - 1) * width / height;
            int cropWidth = (int)Math.Round(Math.Sqrt(area * aspect));
            int cropHeight = (int)Math.Round(Math.Sqrt(area / aspect));
            if (cropWidth is > 0 && cropHeight > 0 && cropWidth <= width && cropHeight <= height)
            {
                int top = random.Next(height - cropHeight + 1), left = random.Next(width - cropWidth + 1);
                return new CropBox(top, left, cropHeight, cropWidth, mirrored);
            }
        }
        return CropBox.Whole(height, width) with { Mirrored = mirrored };
    }
}
