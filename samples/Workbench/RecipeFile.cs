using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.ML.PermutedSegmentation;
using static Microsoft.ML.PermutedSegmentation.PermutedSegmentationTrainer;

namespace Workbench;

/// <summary>
/// The options of a training as JSON, by their names in camelCase: what <c>--options</c> reads and a run writes. Columns, data, initial weights,
/// the checkpoint and the like are no part of a recipe.
/// </summary>
internal static class RecipeFile
{
    private static readonly string[] NoRecipe =
    [
        nameof(Options.ImageColumnName), nameof(Options.LabelColumnName), nameof(Options.PredictedLabelColumnName), nameof(Options.ScoreColumnName),
        nameof(Options.InitialWeights), nameof(Options.ValidationSet), nameof(Options.CheckpointPath), nameof(Options.InputWorkers), nameof(Options.ProcessGroup), nameof(Options.Progress), nameof(Options.CancellationToken),
    ];

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { KeepRecipe } },
    };

    private static readonly JsonDocumentOptions HandWritten = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>A recipe as the content of a file.</summary>
    public static string Format(Options options) => JsonSerializer.Serialize(options, Json) + "\n";

    /// <summary>A recipe with the values of a file in place of its own; what the file leaves out stays.</summary>
    /// <exception cref="InvalidDataException">The file is no JSON, or names something else than options with values of theirs.</exception>
    public static Options Change(Options options, string path)
    {
        try
        {
            return Change(options, JsonNode.Parse(File.ReadAllText(path), documentOptions: HandWritten), $"'{path}'");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"'{path}', line {(exception.LineNumber ?? 0) + 1}: this is no JSON, or names an option twice.", exception);
        }
    }

    /// <summary>A recipe with one value in place of its own, given as <c>name=value</c> or <c>name.name=value</c>.</summary>
    /// <exception cref="InvalidDataException">It names something else than an option with a value of its kind.</exception>
    public static Options Set(Options options, string assignment)
    {
        if (assignment.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } value])
            throw new InvalidDataException($"'{assignment}' is no NAME=VALUE, such as epochs=20 or loss.dice=1.");
        JsonNode? node = Parse(value);
        foreach (string part in name.Split('.').Reverse())
            node = new JsonObject { [part] = node };
        return Change(options, node, $"'{assignment}'");
    }

    private static Options Change(Options options, JsonNode? given, string where)
    {
        var merged = JsonSerializer.SerializeToNode(options, Json)!.AsObject();
        Merge(merged, given, "", where);
        try
        {
            return merged.Deserialize<Options>(Json)!;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{where}: {exception.Path?.TrimStart('$', '.')} must be {Wanted(exception)}.", exception);
        }
    }

    private static void Merge(JsonObject target, JsonNode? given, string prefix, string where)
    {
        if (given is not JsonObject values)
            throw new InvalidDataException($"{where} has {given?.ToJsonString() ?? "null"} where there have to be names with values, in braces{(prefix.Length == 0 ? "" : $", of {prefix.TrimEnd('.')}")}.");
        foreach ((string name, JsonNode? value) in values.ToList())
        {
            string known = target.Select(entry => entry.Key).FirstOrDefault(key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                ?? throw new InvalidDataException($"{where} has '{prefix}{name}', which is no option of a training; there are {string.Join(", ", target.Select(entry => prefix + entry.Key))}.");
            if (target[known] is JsonObject group)
                Merge(group, value, $"{prefix}{known}.", where);
            else
                target[known] = value?.DeepClone();
        }
    }

    // Enumerations and texts may go without quotes.
    private static JsonNode? Parse(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    // What the property at the path of the exception takes.
    private static string Wanted(JsonException exception)
    {
        Type type = typeof(Options);
        foreach (string name in exception.Path!.TrimStart('$', '.').Split('[')[0].Split('.'))
            type = type.GetProperties().FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))?.PropertyType ?? type;
        string orNull = Nullable.GetUnderlyingType(type) is null ? "" : ", or null";
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type))}{orNull}",
            _ when type == typeof(int) => $"a whole number{orNull}",
            _ when type == typeof(double) => $"a number{orNull}",
            _ when type == typeof(bool) => "true or false",
            _ => "a list of numbers, or null",
        };
    }

    private static void KeepRecipe(JsonTypeInfo type)
    {
        if (type.Type != typeof(Options))
            return;
        foreach (JsonPropertyInfo property in type.Properties.Where(property => NoRecipe.Contains((property.AttributeProvider as PropertyInfo)?.Name)).ToList())
            type.Properties.Remove(property);
    }
}
