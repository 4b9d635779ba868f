using System.IO.Hashing;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>What the files of an image say, read on any thread.</summary>
internal sealed class CheckedEntry
{
    private CheckedEntry(DataEntry entry) => Entry = entry;

    /// <summary>The image.</summary>
    public DataEntry Entry { get; }

    /// <summary>Its size; null: it cannot be read.</summary>
    public (int Height, int Width)? Size { get; private set; }

    /// <summary>A digest of the file's bytes.</summary>
    public UInt128 Content { get; private set; }

    /// <summary>The classes of the mask's pixels; null: there is none, or it cannot be read.</summary>
    public byte[]? Classes { get; private set; }

    /// <summary>What is not right with the mask, and does not matter.</summary>
    public List<string> Warnings { get; } = [];

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
            var (height, width) = read.Size.Value;
            if (entry.Mask is { } mask)
            {
                path = mask.Path;
                read.Classes = mask is PaintedMask painted ? painted.Paint(height, width, read.Warnings.Add) : ClassesOf(path, entry.ImagePath, (height, width), masks);
            }
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
