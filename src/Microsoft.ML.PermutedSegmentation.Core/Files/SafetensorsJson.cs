using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>How the header of a safetensors file is written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(Dictionary<string, object>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Tensor), TypeInfoPropertyName = "Entry")]
internal sealed partial class SafetensorsJson : JsonSerializerContext
{
    public static SafetensorsJson Strict { get; } = new(new JsonSerializerOptions
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        // What is for HTML is not for a file: metadata may be JSON in turn, and names of classes are in any language.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>What the header says of a tensor.</summary>
    internal sealed record Tensor(
        [property: JsonPropertyName("dtype")] string Dtype,
        [property: JsonPropertyName("shape")] long[] Shape,
        [property: JsonPropertyName("data_offsets")] long[] DataOffsets);
}
