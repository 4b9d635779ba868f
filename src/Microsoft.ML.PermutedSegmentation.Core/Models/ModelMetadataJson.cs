using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>How names of classes are written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ModelMetadataJson : JsonSerializerContext
{
    // In any language, as they are: what is for HTML is not for a file.
    public static ModelMetadataJson Text { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
