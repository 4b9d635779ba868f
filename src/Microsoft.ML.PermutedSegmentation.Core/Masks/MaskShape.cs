namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>Whether a mask can be that of an image, which is asked before it is stretched onto what was predicted for the image.</summary>
internal static class MaskShape
{
    /// <summary>Whether one size is the other one times a factor, rounded to whole pixels.</summary>
    public static bool Fits((int Height, int Width) size, (int Height, int Width) other) =>
        IsScaled(size, other) || IsScaled(other, size);

    /// <exception cref="InvalidDataException">The mask has another shape than the image.</exception>
    public static void Check((int Height, int Width) mask, (int Height, int Width) image, long row, string column)
    {
        if (!Fits(mask, image))
            throw Differs(mask, "its image", image, row, column);
    }

    /// <summary>The exception for a mask of another shape.</summary>
    public static InvalidDataException Differs((int Height, int Width) mask, string what, (int Height, int Width) size, long row, string column)
    {
        return new InvalidDataException(
            $"Row {row} (counted from 0): the mask of column '{column}' has {mask.Height} x {mask.Width} pixels (height x width), which differs in shape from the {size.Height} x {size.Width} of {what}.{ExplainTurn(mask, size)}");
    }

    /// <summary>What may have gone wrong where a mask is turned by 90 degrees, as the next sentence of a message; else nothing.</summary>
    public static string ExplainTurn((int Height, int Width) mask, (int Height, int Width) image) => !Fits(mask, image) && Fits((mask.Width, mask.Height), image)
        ? " It is the same shape turned by 90 degrees: the mask may have been drawn on the image as it is stored, without regard to its EXIF orientation. ImageOrientation.AsStored reads images in that way (in the console app --as-stored)."
        : "";

    // Whether there is a factor with which both of the other's sides come within less than a pixel of these.
    private static bool IsScaled((int Height, int Width) size, (int Height, int Width) other) =>
        (size.Height - 1L) * other.Width < (size.Width + 1L) * other.Height && (size.Width - 1L) * other.Height < (size.Height + 1L) * other.Width;
}
