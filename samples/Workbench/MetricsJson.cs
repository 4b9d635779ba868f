using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>Metrics as JSON: the properties' names in camelCase, null for what is not defined (a class nobody has seen).</summary>
internal static class MetricsJson
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Converters = { new NaNAsNull(), new MatrixAsRows() },
    };

    public static void Write(object metrics, string path) => File.WriteAllText(path, JsonSerializer.Serialize(metrics, metrics.GetType(), Format));

    private sealed class NaNAsNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new NotSupportedException("Metrics are written, not read.");

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsNaN(value))
                writer.WriteNullValue();
            else
                writer.WriteNumberValue(value);
        }
    }

    /// <summary>One array a true class, one count a predicted class.</summary>
    private sealed class MatrixAsRows : JsonConverter<ConfusionMatrix>
    {
        public override ConfusionMatrix Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new NotSupportedException("Metrics are written, not read.");

        public override void Write(Utf8JsonWriter writer, ConfusionMatrix matrix, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            for (var truth = 0; truth < matrix.ClassCount; truth++)
                JsonSerializer.Serialize(writer, Enumerable.Range(0, matrix.ClassCount).Select(predicted => matrix[truth, predicted]), options);
            writer.WriteEndArray();
        }
    }
}
