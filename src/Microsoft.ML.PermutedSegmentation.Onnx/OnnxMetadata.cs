using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file says of its model (its metadata_props): text by name, for programs in any language. Nothing of it is secret.</summary>
internal static class OnnxMetadata
{
    /// <summary>The description of a model as metadata.</summary>
    public static IEnumerable<(string Name, string Value)> Write(ModelDescription description)
    {
        if (description.Network != SegmentationNetwork.Fcn)
            yield return ("network", $"{description.Network}");
        yield return ("backbone", $"{description.Backbone}");
        yield return ("output_stride", Text(description.OutputStride));
        yield return ("image_height", Text(description.ImageHeight));
        yield return ("image_width", Text(description.ImageWidth));
        yield return ("class_names", JsonSerializer.Serialize(description.ClassNames, OnnxMetadataJson.Default.IReadOnlyListString));
        yield return ("feature_maps", string.Join(',', description.FeatureMaps.Each().Select(map => Text(map.Number()))));
        if (description.Salt is { } salt)
            yield return ("salt", Convert.ToHexStringLower(salt));
        if (description.Fingerprint is { } fingerprint)
            yield return ("fingerprint", Convert.ToHexStringLower(fingerprint));
    }

    /// <summary>Reads and checks the description of a model; the metadata is hostile until then.</summary>
    /// <exception cref="InvalidDataException">An entry is missing or damaged.</exception>
    public static ModelDescription Read(IReadOnlyDictionary<string, string> metadata)
    {
        try
        {
            var description = new ModelDescription
            {
                Network = metadata.ContainsKey("network") ? Parse("network", text => Enum.GetValues<SegmentationNetwork>().Single(network => $"{network}" == text)) : SegmentationNetwork.Fcn,
                Backbone = Parse("backbone", text => Enum.GetValues<Backbone>().Single(backbone => $"{backbone}" == text)),
                OutputStride = Parse("output_stride", Number),
                ImageHeight = Parse("image_height", Number),
                ImageWidth = Parse("image_width", Number),
                ClassNames = Parse("class_names", text => JsonSerializer.Deserialize(text, OnnxMetadataJson.Default.StringArray) ?? throw new JsonException("It is null.")),
                FeatureMaps = Parse("feature_maps", Maps),
                Salt = metadata.ContainsKey("salt") ? Parse("salt", Convert.FromHexString) : null,
                Fingerprint = metadata.ContainsKey("fingerprint") ? Parse("fingerprint", Convert.FromHexString) : null,
                ImageColumnName = "Image",
                PredictedLabelColumnName = "PredictedLabel",
                ScoreColumnName = "Score",
            };
            description.Check();
            return description;
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"The model's metadata is damaged: {exception.Message}", exception);
        }

        T Parse<T>(string name, Func<string, T> parse)
        {
            if (!metadata.TryGetValue(name, out string? text))
                throw new InvalidDataException($"The model's metadata has no '{name}': this is no ONNX file of a model of this library.");
            try
            {
                return parse(text);
            }
            catch (Exception exception) when (exception is FormatException or OverflowException or InvalidOperationException or JsonException)
            {
                throw new InvalidDataException($"The model's metadata is damaged: its '{name}' cannot be read.", exception);
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static FeatureMaps Maps(string text) => text.Length == 0
        ? FeatureMaps.None
        : text.Split(',').Select(Number).Aggregate(FeatureMaps.None, (maps, number) => number is >= 1 and <= 6
            ? maps | (FeatureMaps)(1 << (number - 1))
            : throw new FormatException("There are only six feature maps."));
}
