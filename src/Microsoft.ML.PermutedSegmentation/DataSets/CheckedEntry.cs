using System.IO.Hashing;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>What the files of an image say, read on any thread. Painted masks are not read: their sources are for one thread.</summary>
internal sealed class CheckedEntry
{
    private CheckedEntry(DataEntry entry) => Entry = entry;

    /// <summary>The image.</summary>
    public DataEntry Entry { get; }

    /// <summary>Its size; null: it cannot be read.</summary>
    public (int Height, int Width)? Size { get; private set; }

    /// <summary>A digest of the file's bytes.</summary>
    public UInt128 Content { get; private set; }

    /// <summary>The classes of the mask file's pixels; null: there is none, or it cannot be read.</summary>
    public byte[]? Classes { get; private set; }

    /// <summary>The first file that is not right, and why; null: all are.</summary>
    public (string Path, string Message)? Problem { get; private set; }

    public static CheckedEntry Read(DataEntry entry, ImageOrientation orientation, MaskReader masks)
    {
        var read = new CheckedEntry(entry);
        if (entry.Problem is not null)
            return read;
        string path = entry.ImagePath;
        try
        {
            using (MLImage image = ImageFile.Load(path, orientation))
                read.Size = (image.Height, image.Width);
            read.Content = DigestOf(path);
            if (entry.Mask is not null and not PaintedMask)
                read.Classes = ClassesOf(path = entry.Mask.Path, entry.ImagePath, read.Size.Value, masks);
        }
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            read.Problem = (path, exception.Message);
        }
        return read;
    }

    /// <summary>Whether an exception is about what is on the disk.</summary>
    public static bool IsAboutFiles(Exception exception) => exception is IOException or InvalidDataException or UnauthorizedAccessException;

    private static byte[] ClassesOf(string mask, string image, (int Height, int Width) size, MaskReader masks)
    {
        (byte[] classes, int height, int width) = masks.Read(mask);
        MaskLabels.ToClasses(classes, classes);
        return (height, width) == size ? classes : throw new InvalidDataException(DataCheck.Differs(mask, (height, width), image, size));
    }

    private static UInt128 DigestOf(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(stream);
        return hash.GetCurrentHashAsUInt128();
    }
}
