using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// A model's description as text by name, for programs in any language: the metadata of model files and of ONNX files (docs/formats.md).
/// </summary>
public static class ModelMetadata
{
    // In the order in which the seal authenticates them.
    private static readonly string[] Authenticated =
        ["network", "backbone", "output_stride", "image_height", "image_width", "class_names", "feature_maps", "image_step", "image_step_settings", "salt", "fingerprint", SealName];

    private const string SealName = "seal", SealValue = "AES-256-CTR, HMAC-SHA256";

    /// <summary>What of the description a seal authenticates: all but how images are scored, which can be changed without the key.</summary>
    internal static IEnumerable<(string Name, string Value)> WriteAuthenticated(ModelDescription description) =>
        Write(description).Where(entry => Authenticated.Contains(entry.Name));

    /// <summary>The description of a model as metadata.</summary>
    /// <param name="description">The model.</param>
    public static IReadOnlyList<(string Name, string Value)> Write(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        List<(string, string)> metadata =
        [
            ("network", $"{description.Network}"),
            ("backbone", $"{description.Backbone}"),
            ("output_stride", Text(description.OutputStride)),
            ("image_height", Text(description.ImageHeight)),
            ("image_width", Text(description.ImageWidth)),
            ("class_names", WriteNames(description.ClassNames)),
            ("feature_maps", string.Join(',', description.FeatureMaps.Each().Select(map => Text(map.Number())))),
        ];
        if (description.Protection?.ImageStep is { } step)
            metadata.AddRange([("image_step", step.Name), ("image_step_settings", step.Settings)]);
        if (description.Salt is { } salt)
            metadata.Add(("salt", Convert.ToHexStringLower(salt)));
        if (description.Fingerprint is { } fingerprint)
            metadata.Add(("fingerprint", Convert.ToHexStringLower(fingerprint)));
        if (description.IsSealed)
            metadata.Add((SealName, SealValue));
        if (description.ScoringMode != ScoringMode.Resize)
            metadata.Add(("scoring_mode", $"{description.ScoringMode}"));
        if (description.TestTimeAugmentation is { IsNone: false } augmentation)
            metadata.AddRange([("test_time_flip", augmentation.Flip ? "true" : "false"), ("test_time_scales", string.Join(',', augmentation.Scales.Select(scale => scale.ToString("R", CultureInfo.InvariantCulture))))]);
        return metadata;
    }

    /// <summary>Reads and checks the description of a model; the metadata is hostile until then.</summary>
    /// <param name="metadata">The metadata; other names in it do not matter.</param>
    /// <exception cref="InvalidDataException">An entry is missing or damaged, or there cannot be such a model.</exception>
    public static ModelDescription Read(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        try
        {
            var plain = new ModelDescription(
                // Files from before there was a second kind do not name it.
                metadata.ContainsKey("network") ? Parse("network", Member<SegmentationNetwork>) : SegmentationNetwork.Fcn,
                Parse("backbone", Member<Backbone>),
                Parse("output_stride", Number),
                Parse("image_height", Number),
                Parse("image_width", Number),
                Parse("class_names", text => JsonSerializer.Deserialize(text, ModelMetadataJson.Text.StringArray) ?? throw new JsonException("It is null.")));
            // Files that do not name a mode resize images, as all did before there was another one.
            plain = plain.With(
                metadata.ContainsKey("scoring_mode") ? Parse("scoring_mode", Member<ScoringMode>) : ScoringMode.Resize,
                metadata.ContainsKey("test_time_flip") || metadata.ContainsKey("test_time_scales")
                    ? new TestTimeAugmentation(Parse("test_time_flip", Truth), Parse("test_time_scales", Scales))
                    : null);
            FeatureMaps maps = Parse("feature_maps", Maps);
            ImageStep? step = metadata.ContainsKey("image_step") ? new ImageStep(Parse("image_step", text => text), Parse("image_step_settings", text => text)) : null;
            bool isProtected = maps != FeatureMaps.None || step is not null || metadata.ContainsKey("salt") || metadata.ContainsKey("fingerprint") || metadata.ContainsKey(SealName);
            return isProtected
                ? plain.With(new ModelProtection(maps, step, Parse("salt", Convert.FromHexString), metadata.ContainsKey("fingerprint") ? Parse("fingerprint", Convert.FromHexString) : null,
                    metadata.ContainsKey(SealName) && Parse(SealName, text => text == SealValue ? true : throw new FormatException())))
                : plain;
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"The model's description is damaged: {exception.Message}", exception);
        }

        T Parse<T>(string name, Func<string, T> parse)
        {
            if (!metadata.TryGetValue(name, out string? text))
                throw new InvalidDataException($"The model's metadata has no '{name}': this is not a model of this library.");
            try
            {
                return parse(text);
            }
            catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentOutOfRangeException or InvalidOperationException or JsonException)
            {
                throw new InvalidDataException($"The model's metadata is damaged: its '{name}' cannot be read.", exception);
            }
        }
    }

    internal static string WriteNames(IReadOnlyList<string> names) => JsonSerializer.Serialize(names, ModelMetadataJson.Text.IReadOnlyListString);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static bool Truth(string text) => text is "true" || (text is "false" ? false : throw new FormatException());

    private static double[] Scales(string text) => text.Length > 32 * TestTimeAugmentation.MostScales
        ? throw new FormatException()
        : [.. text.Split(',').Select(scale => double.Parse(scale, NumberStyles.Float, CultureInfo.InvariantCulture))];

    // By its name alone: numbers are not names, and neither are names in other cases.
    private static T Member<T>(string text) where T : struct, Enum => Enum.GetValues<T>().Single(value => $"{value}" == text);

    private static FeatureMaps Maps(string text) => text.Length == 0
        ? FeatureMaps.None
        : text.Split(',').Select(Number).Aggregate(FeatureMaps.None, (maps, number) => maps | FeatureMapsExtensions.FromNumber(number));
}
