using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What a checkpoint says besides its tensors: which training it is of, and how far that has come.</summary>
internal sealed record CheckpointDescription
{
    // Class names can be long; what a message quotes is not.
    private const int LongestQuote = 200;

    public required int Seed { get; init; }
    public required TrainingSettings Settings { get; init; }
    public required TrainingRows Rows { get; init; }
    public required TrainingPosition Position { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CheckpointJson.Strict.CheckpointDescription);

    /// <summary>Reads and checks a description; the bytes are hostile until then.</summary>
    /// <exception cref="InvalidDataException">The bytes are no valid description.</exception>
    public static CheckpointDescription FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var description = JsonSerializer.Deserialize(json, CheckpointJson.Strict.CheckpointDescription) ?? throw new InvalidDataException("its description is empty.");
            if (ClassNameList.FindProblem(description.Rows.ClassNames) is { } problem)
                throw new InvalidDataException($"its description is damaged: {problem}");
            TrainingPosition position = description.Position;
            if (position.Epoch < 1 || position.BestEpoch < 1 || position.BestEpoch > position.Epoch || !double.IsFinite(position.LowestLoss) || position.Elapsed < TimeSpan.Zero)
                throw new InvalidDataException("its description is damaged: no training is where it says that it is.");
            return description;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"its description is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>What two records do not have in common, such as "BatchSize is 8 there and 16 here"; empty when nothing.</summary>
    public static string Differences<T>(T there, T here) where T : notnull
    {
        var type = (JsonTypeInfo<T>)CheckpointJson.Strict.GetTypeInfo(typeof(T))!;
        JsonObject stored = Members(there), given = Members(here);
        return string.Join("; ", given
            .Where(member => !JsonNode.DeepEquals(member.Value, stored[member.Key]))
            .Select(member => $"{member.Key} is {Quote(stored[member.Key])} there and {Quote(member.Value)} here"));

        JsonObject Members(T record) => JsonSerializer.SerializeToNode(record, type)!.AsObject();
    }

    private static string Quote(JsonNode? value) => value switch
    {
        null => "none",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Shorten(value.ToJsonString().Trim('"')),
        _ => Shorten(value.ToJsonString()),
    };

    // JSON has no control characters in it.
    private static string Shorten(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
}
