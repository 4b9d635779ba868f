using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How class names are written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class OnnxMetadataJson : JsonSerializerContext;
