namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>What a COCO file says of an image.</summary>
internal sealed record CocoImage(long Id, string FileName, long Height, long Width)
{
    /// <exception cref="InvalidDataException">The file has another size.</exception>
    public void CheckSize(string path, int height, int width)
    {
        if ((Height, Width) != (height, width))
        {
            throw new InvalidDataException(
                $"'{path}': the image '{FileName}' (id {Id}) should have {Width} x {Height} pixels, but the file has {width} x {height}.{((Height, Width) == (width, height) ? " It may have been annotated as it is stored, without regard to its EXIF orientation: see ImageOrientation.AsStored (in the console app --as-stored)." : "")}");
        }
    }
}
