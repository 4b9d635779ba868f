using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The shapes of a labelme file, the later ones on top.</summary>
/// <param name="Path">The JSON file.</param>
/// <param name="Numbers">The classes.</param>
internal sealed record LabelmeMask(string Path, ClassNumbers Numbers) : PaintedMask(Path)
{
    /// <summary>The label of what is void.</summary>
    public const string Ignored = "__ignore__";

    /// <inheritdoc/>
    public override string Numbering => Numbers.ToString();

    /// <inheritdoc/>
    public override byte[] Paint(int height, int width, Action<string> warn)
    {
        var shapes = new ShapeList(height, width, smallerOnTop: false);
        int index = 0;
        JsonFile.Read(Path, (member, value, _) =>
        {
            if (member == "shapes" && value.ValueKind == JsonValueKind.Object)
                Add(shapes, value, index++, (height, width), warn);
            else if (member == "shapes" && value.ValueKind != JsonValueKind.Array)
                throw new InvalidDataException($"a shape is {JsonValues.Show(value)}; it should be an object.");
            else if (member is "imageHeight" or "imageWidth" && value.ValueKind == JsonValueKind.Number)
                CheckSize(member, value, member == "imageHeight" ? height : width);
        });
        return shapes.Paint();
    }

    private void Add(ShapeList shapes, JsonElement shape, int index, (int Height, int Width) size, Action<string> warn)
    {
        string label = shape.GetText("label"), type = shape.Find("shape_type") is null ? "polygon" : shape.GetText("shape_type");
        byte k = ClassOf(label);
        double[] points = [.. shape.GetArray("points").EnumerateArray().SelectMany(point => point.GetNumbers() is [_, _] pair ? pair : throw new InvalidDataException($"the point {JsonValues.Show(point)} has no x and y."))];
        string what = $"shape {index + 1} '{label}' ({type})";
        switch (type)
        {
            case "polygon":
                shapes.AddPolygon(points, k, what, warn);
                break;
            case "rectangle" when points is [var x1, var y1, var x2, var y2]:
                shapes.AddPolygon([x1, y1, x2, y1, x2, y2, x1, y2], k, what, warn);
                break;
            case "circle" when points is [var x, var y, var edgeX, var edgeY]:
                shapes.AddCircle(x, y, Math.Sqrt((edgeX - x) * (edgeX - x) + (edgeY - y) * (edgeY - y)), k);
                break;
            case "mask" when points is [var left, var top, _, _]:
                AddStencil(shapes, shape, left, top, k, size);
                break;
            case "point" or "points" or "line" or "linestrip":
                warn($"{what} has no area; it is skipped.");
                break;
            default:
                throw new InvalidDataException($"{what} with {points.Length / 2} points is not read; polygons, rectangles, circles and masks are.");
        }
    }

    private void AddStencil(ShapeList shapes, JsonElement shape, double left, double top, byte value, (int Height, int Width) size)
    {
        if (shape.Get("mask") is not { ValueKind: JsonValueKind.String } text || !text.TryGetBytesFromBase64(out byte[]? content) || Math.Abs(left) > int.MaxValue / 2 || Math.Abs(top) > int.MaxValue / 2)
            throw new InvalidDataException("the mask of a shape is not as labelme writes it.");
        string name = $"{Path}, mask of a shape";
        // Some bytes of base64 can decode to gigabytes.
        PngHeader header = PngHeader.Read(new MemoryStream(content), name);
        if (header.Channels != 1 || header.Height > size.Height || header.Width > size.Width)
            throw new InvalidDataException($"the mask of a shape should be grey, and no larger than the image, {size.Width} x {size.Height}; it has {header.Channels} channels and {header.Width} x {header.Height} pixels.");
        using PngImage image = PngDecoder.Decode(new MemoryStream(content), name);
        shapes.AddStencil(image.Samples.ToArray(), header.Width, (int)left, (int)top, value);
    }

    private byte ClassOf(string label) => label == Ignored ? ClassPalette.VoidClass
        : Numbers.IndexOf(label) is { } index ? Numbers[index]
        : throw new InvalidDataException($"the label '{label}' is not one of the classes {string.Join(", ", Numbers.Classes.Names)}.");

    private static void CheckSize(string member, JsonElement value, int expected)
    {
        if (value.TryGetInt64(out long stated) && stated != expected)
            throw new InvalidDataException($"{member} is {stated}, but the image has {expected}; the shapes are those of another image.");
    }
}
