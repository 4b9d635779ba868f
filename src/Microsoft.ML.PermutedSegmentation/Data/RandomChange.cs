namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Draws how images are varied (<see cref="Augmentation"/>).</summary>
/// <param name="augmentation">What may happen.</param>
/// <param name="window">Height and width in pixels of the parts that are seen at full resolution; null for parts of any size, to be resized.</param>
internal sealed class RandomChange(Augmentation augmentation, (int Height, int Width)? window = null)
{
    private readonly RandomResizedCrop _crop = new(augmentation.MinimumCropArea);

    /// <summary>Draws the part of an image that is seen, and what is done to it. What is switched off draws nothing.</summary>
    public (CropBox Box, ImageChange? Change) Draw(int height, int width, Random random)
    {
        CropBox box = window is { } size
            ? new CropBox(0, 0, size.Height, size.Width, Mirrored: augmentation.Mirror && random.Next(2) == 1)
            : _crop.Draw(height, width, random, augmentation.Mirror);
        if (window is not null || augmentation.MinimumScale != 1 || augmentation.MaximumScale != 1)
            box = Zoom(box, height, width, random);
        ImageChange change = new()
        {
            Degrees = Around(0, augmentation.Rotation),
            Brightness = Around(1, augmentation.Brightness),
            Contrast = Around(1, augmentation.Contrast),
            Saturation = Around(1, augmentation.Saturation),
            HueDegrees = Around(0, augmentation.Hue),
            Blur = augmentation.Blur > 0 ? random.NextDouble() * augmentation.Blur : 0,
        };
        return (box, change == ImageChange.None ? null : change);

        double Around(double middle, double most) => most > 0 ? middle + most * (2 * random.NextDouble() - 1) : middle;
    }

    // A box of that size, smaller or larger, anywhere in the image; one that is larger than the image lies anywhere around it.
    private CropBox Zoom(CropBox box, int height, int width, Random random)
    {
        double scale = augmentation.MinimumScale * Math.Pow(augmentation.MaximumScale / augmentation.MinimumScale, random.NextDouble());
        int newHeight = Math.Max(1, (int)Math.Round(box.Height / scale)), newWidth = Math.Max(1, (int)Math.Round(box.Width / scale));
        return box with { Top = Place(height, newHeight), Left = Place(width, newWidth), Height = newHeight, Width = newWidth };

        int Place(int whole, int part) => part <= whole ? random.Next(whole - part + 1) : -random.Next(part - whole + 1);
    }
}
