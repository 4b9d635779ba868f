using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What a checkpoint says besides its tensors: which training it is of, and how far that has come.</summary>
internal sealed record CheckpointDescription
{
    // Class names can be long; what a message quotes is not.
    private const int LongestQuote = 200;

    public required int Seed { get; init; }
    /// <summary><see cref="TrainingSettings"/>; as hostile as the file that they come from.</summary>
    public required JsonObject Settings { get; init; }
    public required TrainingRows Rows { get; init; }
    public required TrainingPosition Position { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CheckpointJson.Strict.CheckpointDescription);

    /// <summary>Reads and checks a description; the bytes are hostile until then.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a valid description.</exception>
    public static CheckpointDescription FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var description = JsonSerializer.Deserialize(json, CheckpointJson.Strict.CheckpointDescription) ?? throw new InvalidDataException("its description is empty.");
            if (ClassNameList.FindProblem(description.Rows.ClassNames) is { } problem)
                throw new InvalidDataException($"its description is damaged: {problem}");
            TrainingPosition position = description.Position;
            if (position.Epoch < 1 || position.BestEpoch < 1 || position.BestEpoch > position.Epoch || !double.IsFinite(position.LowestLoss) || position.Elapsed < TimeSpan.Zero || position.OptimizerSteps < 0)
                throw new InvalidDataException("its description is damaged: no training can be at the position that it states.");
            return description;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"its description is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>What two settings do not have in common, such as "BatchSize is 8 there and 16 here"; empty when nothing.</summary>
    public static string Differences(JsonObject there, JsonObject here)
    {
        List<string> differences =
        [
            .. here.Where(member => Text(member.Value) != Text(there[member.Key]))
                .Select(member => $"{member.Key} is {Quote(there[member.Key])} there and {Quote(member.Value)} here"),
        ];
        // Their names are a stranger's, and not quoted.
        if (there.Count(member => !here.ContainsKey(member.Key)) is > 0 and var unknown)
            differences.Add($"{unknown} of its options {(unknown == 1 ? "is" : "are")} unknown to this version of the library");
        return string.Join("; ", differences);
    }

    /// <summary>What two data sets do not have in common.</summary>
    public static string Differences(TrainingRows there, TrainingRows here) => Differences(Members(there), Members(here));

    private static JsonObject Members(TrainingRows rows) => JsonSerializer.SerializeToNode(rows, CheckpointJson.Strict.TrainingRows)!.AsObject();

    // As it is in a file, wherever the value comes from.
    private static string? Text(JsonNode? value) => value?.ToJsonString();

    private static string Quote(JsonNode? value) => value switch
    {
        null => "none",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Shorten(value.ToJsonString().Trim('"')),
        _ => Shorten(value.ToJsonString()),
    };

    // JSON has no control characters in it.
    private static string Shorten(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
}
