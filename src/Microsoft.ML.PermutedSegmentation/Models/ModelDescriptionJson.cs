using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>How a <see cref="ModelDescription"/> is written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(ModelDescription))]
internal sealed partial class ModelDescriptionJson : JsonSerializerContext
{
    public static JsonTypeInfo<ModelDescription> Strict { get; } = new ModelDescriptionJson(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            new JsonStringEnumConverter<SegmentationNetwork>(allowIntegerValues: false),
            new JsonStringEnumConverter<Backbone>(allowIntegerValues: false),
            new JsonStringEnumConverter<FeatureMaps>(allowIntegerValues: false),
            new JsonStringEnumConverter<BlockTransformMethod>(allowIntegerValues: false),
        },
    }).ModelDescription;
}
