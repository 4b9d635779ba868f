using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>How a <see cref="BlockScheme"/> is written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(BlockScheme))]
internal sealed partial class BlockSchemeJson : JsonSerializerContext
{
    public static JsonTypeInfo<BlockScheme> Strict { get; } = new BlockSchemeJson(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<BlockTransformMethod>(allowIntegerValues: false) },
    }).BlockScheme;
}
