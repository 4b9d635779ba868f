using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>Metrics as JSON: the properties' names in camelCase, null for what is not defined (a class that does not occur).</summary>
internal static class MetricsJson
{
    private static readonly JsonSerializerOptions Format = new()
    {
        TypeInfoResolver = MetricsTypes.Default,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            new NaNAsNull(), new MatrixAsRows(), new JsonStringEnumConverter<SegmentationNetwork>(), new JsonStringEnumConverter<Backbone>(), new JsonStringEnumConverter<FeatureMaps>(),
            new JsonStringEnumConverter<BlockTransformMethod>(), new JsonStringEnumConverter<AttackMethod>(),
        },
    };

    public static void Write(object metrics, string path) => File.WriteAllText(path, ToText(metrics));

    public static string ToText(object metrics) => JsonSerializer.Serialize(metrics, metrics.GetType(), Format);

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <exception cref="InvalidDataException">The file holds something else, or is damaged.</exception>
    public static T Read<T>(string path) where T : class
    {
        try
        {
            return FromText<T>(File.ReadAllText(path));
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"'{path}' was not written by this program, or is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>Reads what <see cref="ToText"/> gave.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static T FromText<T>(string text) where T : class => JsonSerializer.Deserialize<T>(text, Format) ?? throw new JsonException("it is null.");

    public static JsonNode ToNode(object metrics) => JsonSerializer.SerializeToNode(metrics, metrics.GetType(), Format)!;

    private sealed class NaNAsNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsNaN(value))
                writer.WriteNullValue();
            else
                writer.WriteNumberValue(value);
        }
    }

    /// <summary>One array a true class, one count a predicted class.</summary>
    private sealed class MatrixAsRows : JsonConverter<PixelConfusionMatrix>
    {
        public override PixelConfusionMatrix Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new NotSupportedException("Matrices are written, not read.");

        public override void Write(Utf8JsonWriter writer, PixelConfusionMatrix matrix, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            for (var truth = 0; truth < matrix.ClassCount; truth++)
            {
                writer.WriteStartArray();
                for (var predicted = 0; predicted < matrix.ClassCount; predicted++)
                    writer.WriteNumberValue(matrix[truth, predicted]);
                writer.WriteEndArray();
            }
            writer.WriteEndArray();
        }
    }
}
