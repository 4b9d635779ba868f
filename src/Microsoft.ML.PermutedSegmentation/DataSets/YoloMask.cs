using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>An image's polygons, one a line: the number of the class, then x and y of each corner as shares of width and height.</summary>
/// <param name="Path">The text file; the image itself when there is none.</param>
/// <param name="Numbers">The classes.</param>
internal sealed record YoloMask(string Path, ClassNumbers Numbers) : PaintedMask(Path)
{
    /// <summary>Whether there is a text file; without it all is background.</summary>
    public bool HasObjects { get; init; }

    /// <inheritdoc/>
    public override string Numbering => Numbers.ToString();

    /// <inheritdoc/>
    public override byte[] Paint(int height, int width, Action<string> warn)
    {
        var shapes = new ShapeList(height, width, smallerOnTop: true);
        string[] lines = HasObjects && new FileInfo(Path).Length > 0 ? ListFile.Read(Path).Split('\n', StringSplitOptions.TrimEntries) : [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
                continue;
            try
            {
                Add(shapes, lines[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), height, width, i + 1, warn);
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidDataException($"'{Path}', line {i + 1}: {exception.Message}", exception);
            }
        }
        return shapes.Paint();
    }

    private void Add(ShapeList shapes, string[] fields, int height, int width, int line, Action<string> warn)
    {
        int count = Numbers.ObjectCount;
        if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number >= count)
            throw new InvalidDataException($"there is no class '{fields[0]}'; the classes are 0 to {count - 1}.");
        if (fields.Length == 5)
            throw new InvalidDataException("four numbers after the class are a box, not a polygon; labels for segmentation are needed.");
        double[] corners = [.. fields.Skip(1).Select((field, i) => ParseShare(field) * (i % 2 == 0 ? width : height))];
        shapes.AddPolygon(corners, Numbers[number], $"the polygon of line {line}", warn);
    }

    private static double ParseShare(string field) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && Math.Abs(share) <= 2
            ? share : throw new InvalidDataException($"'{field}' is not a share of the image's width or height; numbers from 0 to 1 are expected.");
}
