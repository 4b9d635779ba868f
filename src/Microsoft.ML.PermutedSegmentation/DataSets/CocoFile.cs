using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>
/// A COCO file of annotations: what images and categories it has, and where in it the annotations of each image are. They are read when
/// the mask is painted, since there may be a million.
/// </summary>
internal sealed class CocoFile
{
    private readonly Dictionary<long, CocoImage> _images = [];
    private readonly SortedDictionary<long, string> _categories = [];
    private readonly Dictionary<long, List<(long Offset, int Length)>> _annotations = [];

    /// <exception cref="InvalidDataException">It is not right; the message names the file and the line.</exception>
    public CocoFile(string path)
    {
        Path = path;
        JsonFile.Read(path, Visit);
        if (_images.Count == 0 || _categories.Count == 0)
            throw new InvalidDataException($"'{path}' has no {(_images.Count == 0 ? "images" : "categories")}.");
    }

    public string Path { get; }

    public IEnumerable<CocoImage> Images => _images.Values;

    /// <summary>The names of the categories, by id.</summary>
    public IReadOnlyDictionary<long, string> Categories => _categories;

    /// <summary>Whether each image has one annotation with a picture of its segments.</summary>
    public bool IsPanoptic { get; private set; }

    /// <summary>Images that annotations are of and that are not there.</summary>
    public IEnumerable<long> MissingImages => _annotations.Keys.Where(id => !_images.ContainsKey(id));

    public bool HasAnnotations(long image) => _annotations.ContainsKey(image);

    /// <summary>Reads the annotations of an image in their order.</summary>
    public void ReadAnnotations(long image, Action<JsonElement> read)
    {
        if (!_annotations.TryGetValue(image, out var places))
            return;
        using FileStream stream = File.OpenRead(Path);
        foreach (var place in places)
        {
            try
            {
                using JsonDocument annotation = JsonFile.ReadAt(stream, place);
                read(annotation.RootElement);
            }
            catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException or JsonException or EndOfStreamException)
            {
                throw new InvalidDataException($"'{Path}', line {JsonFile.LineOf(Path, place.Offset)}: {exception.Message}", exception);
            }
        }
    }

    private void Visit(string member, JsonElement value, (long Offset, int Length) place)
    {
        switch (member)
        {
            case "images":
                var image = new CocoImage(value.GetWhole("id"), value.GetText("file_name"), value.GetWhole("height"), value.GetWhole("width"));
                if (!_images.TryAdd(image.Id, image))
                    throw new InvalidDataException($"two images have the id {image.Id}.");
                break;
            case "categories":
                if (!_categories.TryAdd(value.GetWhole("id"), value.GetText("name")))
                    throw new InvalidDataException($"two categories have the id {value.GetWhole("id")}.");
                break;
            case "annotations":
                long owner = value.GetWhole("image_id");
                if (!_annotations.TryGetValue(owner, out var places))
                    _annotations[owner] = places = [];
                places.Add(place);
                IsPanoptic |= value.Find("segments_info") is not null;
                break;
        }
    }
}
