using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>An image's segments in COCO's panoptic form: a picture whose colors are numbers of segments, and the category of each number.</summary>
/// <param name="File">The file of annotations.</param>
/// <param name="Image">The image.</param>
/// <param name="Folder">The folder of the pictures.</param>
/// <param name="ClassOf">The class of each category.</param>
internal sealed record PanopticMask(CocoFile File, CocoImage Image, string Folder, IReadOnlyDictionary<long, byte> ClassOf) : PaintedMask(File.Path, $"{Image.Id}")
{
    /// <inheritdoc/>
    public override string Numbering => string.Join(',', ClassOf.OrderBy(entry => entry.Key));

    /// <inheritdoc/>
    public override IEnumerable<string> OtherFiles
    {
        get
        {
            var pictures = new List<string>();
            File.ReadAnnotations(Image.Id, annotation => pictures.Add(PictureOf(annotation)));
            return pictures;
        }
    }

    /// <inheritdoc/>
    public override byte[] Paint(int height, int width, Action<string> warn)
    {
        Image.CheckSize(Path, height, width);
        byte[]? mask = null;
        File.ReadAnnotations(Image.Id, annotation => mask = mask is null
            ? Paint(annotation, height, width)
            : throw new InvalidDataException($"the image {Image.Id} has several annotations; in the panoptic form it has one."));
        return mask!;
    }

    private byte[] Paint(JsonElement annotation, int height, int width)
    {
        // Number 0 is of no segment.
        var classOfSegment = new Dictionary<int, byte> { [0] = ClassPalette.VoidClass };
        foreach (JsonElement segment in annotation.GetArray("segments_info").EnumerateArray())
        {
            long category = segment.GetWhole("category_id"), id = segment.GetWhole("id");
            if (!ClassOf.TryGetValue(category, out byte k))
                throw new InvalidDataException($"segment {id} of image {Image.Id}: there is no category {category}.");
            if (id is < 1 or > 0xFFFFFF || !classOfSegment.TryAdd((int)id, k))
                throw new InvalidDataException($"image {Image.Id} has two segments {id}, or that is no number of a color.");
        }
        return Read(PictureOf(annotation), classOfSegment, height, width);
    }

    private string PictureOf(JsonElement annotation)
    {
        string name = annotation.GetText("file_name");
        return FolderIndex.Split(name) is { } parts ? System.IO.Path.Combine([Folder, .. parts]) : throw new InvalidDataException($"'{name}' points outside the folder of segments.");
    }

    private byte[] Read(string path, Dictionary<int, byte> classOfSegment, int height, int width)
    {
        if (!System.IO.File.Exists(path))
            throw new FileNotFoundException($"'{Path}': there is no picture of segments '{path}'.", path);
        using FileStream stream = ImageFileHeader.Open(path);
        using PngImage image = PngDecoder.Decode(stream, path);
        if (image.Header.ColorType != PngColorType.Rgb || (image.Header.Height, image.Header.Width) != (height, width))
            throw PngHeader.Bad(path, $"segments are read from an RGB file of the image's size, {width} x {height}; it is {image.Header.ColorType}, {image.Header.Width} x {image.Header.Height}");
        byte[] mask = new byte[height * width];
        ReadOnlySpan<byte> samples = image.Samples;
        for (int i = 0; i < mask.Length; i++)
        {
            int id = samples[3 * i] | samples[3 * i + 1] << 8 | samples[3 * i + 2] << 16;
            if (!classOfSegment.TryGetValue(id, out mask[i]))
                throw PngHeader.Bad(path, $"pixel (x = {i % width}, y = {i / width}) belongs to segment {id}, which '{Path}' does not list");
        }
        return mask;
    }
}
