using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The objects of an image in a COCO file, the smaller ones on top.</summary>
/// <param name="File">The file.</param>
/// <param name="Image">The image.</param>
/// <param name="ClassOf">The class of each category.</param>
internal sealed record CocoMask(CocoFile File, CocoImage Image, IReadOnlyDictionary<long, byte> ClassOf) : PaintedMask(File.Path, $"{Image.Id}")
{
    /// <inheritdoc/>
    public override string Numbering => string.Join(',', ClassOf.OrderBy(entry => entry.Key));

    /// <inheritdoc/>
    public override byte[] Paint(int height, int width, Action<string> warn)
    {
        Image.CheckSize(Path, height, width);
        var shapes = new ShapeList(height, width, smallerOnTop: true);
        File.ReadAnnotations(Image.Id, annotation =>
        {
            string what = $"annotation {(annotation.Find("id") is { } id ? JsonValues.Show(id) : "without id")} of image {Image.Id}";
            try
            {
                Add(shapes, annotation, what, height, width, warn);
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidDataException($"{what}: {exception.Message}", exception);
            }
        });
        return shapes.Paint();
    }

    private void Add(ShapeList shapes, JsonElement annotation, string what, int height, int width, Action<string> warn)
    {
        long category = annotation.GetWhole("category_id");
        if (!ClassOf.TryGetValue(category, out byte k))
            throw new InvalidDataException($"there is no category {category}.");
        JsonElement segmentation = annotation.Get("segmentation");
        if (segmentation.ValueKind == JsonValueKind.Object)
            shapes.AddRuns(ReadRuns(segmentation, height, width), k);
        else if (segmentation.ValueKind != JsonValueKind.Array || segmentation.GetArrayLength() == 0)
            throw new InvalidDataException("it has no segmentation, perhaps only a box.");
        else
            shapes.AddPolygons([.. segmentation.EnumerateArray().Select(polygon => polygon.GetNumbers())], k, i => $"polygon {i + 1} of {what}", warn);
    }

    private static List<long> ReadRuns(JsonElement segmentation, int height, int width)
    {
        double[] size = segmentation.Get("size").GetNumbers();
        if (size is not [var rows, var columns] || rows != height || columns != width)
            throw new InvalidDataException($"its size is {JsonValues.Show(segmentation.Get("size"))}; it should be that of the image, [{height}, {width}].");
        JsonElement counts = segmentation.Get("counts");
        List<long> runs = counts.ValueKind == JsonValueKind.String ? RunLengths.Decompress(counts.GetString()!) : [.. counts.GetNumbers().Select(Whole)];
        RunLengths.Check(runs, height, width);
        return runs;

        static long Whole(double count) => count == Math.Floor(count) && Math.Abs(count) < 1L << 53 ? (long)count : throw new InvalidDataException($"the run length {count} is not a whole number.");
    }
}
