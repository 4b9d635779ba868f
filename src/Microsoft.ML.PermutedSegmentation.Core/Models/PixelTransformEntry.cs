using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Which <see cref="PixelTransform"/> a model has, in words that only the maker of it reads; kept and handed back as they are.</summary>
/// <param name="Json">A JSON object.</param>
[JsonConverter(typeof(Converter))]
internal sealed record PixelTransformEntry(string Json)
{
    internal sealed class Converter : JsonConverter<PixelTransformEntry>
    {
        public override PixelTransformEntry Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => JsonNode.Parse(ref reader) is JsonObject entry
                ? new PixelTransformEntry(entry.ToJsonString())
                : throw new JsonException("What its key does to pixels is not a JSON object.");

        public override void Write(Utf8JsonWriter writer, PixelTransformEntry value, JsonSerializerOptions options)
            => JsonNode.Parse(value.Json)!.WriteTo(writer);
    }
}
