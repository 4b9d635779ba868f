using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>How a <see cref="CheckpointDescription"/> is written and read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(CheckpointDescription))]
[JsonSerializable(typeof(TrainingRows))]
[JsonSerializable(typeof(SegmentationLoss))]
[JsonSerializable(typeof(Augmentation))]
internal sealed partial class CheckpointJson : JsonSerializerContext
{
    public static CheckpointJson Strict { get; } = new(new JsonSerializerOptions
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    });
}
