using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Values of a JSON file of which nothing is known: what is not as it should be is an <see cref="InvalidDataException"/> without the file's name.</summary>
internal static class JsonValues
{
    public static JsonElement Get(this JsonElement element, string name) => Find(element, name) ?? throw new InvalidDataException($"'{name}' is missing.");

    /// <summary>A member, or null when it is missing or null.</summary>
    public static JsonElement? Find(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException($"there should be an object with '{name}' instead of {Show(element)}.");
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public static string GetText(this JsonElement element, string name) =>
        Get(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw Wrong(element, name, "a text");

    public static long GetWhole(this JsonElement element, string name) =>
        Get(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out long value) ? value
        : Get(element, name) is { ValueKind: JsonValueKind.Number } real && real.GetDouble() is var d && d == Math.Floor(d) && Math.Abs(d) < 1L << 53 ? (long)d
        : throw Wrong(element, name, "a whole number");

    public static JsonElement GetArray(this JsonElement element, string name) =>
        Get(element, name) is { ValueKind: JsonValueKind.Array } array ? array : throw Wrong(element, name, "an array");

    /// <summary>Numbers as they stand in an array.</summary>
    public static double[] GetNumbers(this JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException($"there should be an array of numbers instead of {Show(array)}.");
        return [.. array.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number : throw new InvalidDataException($"{Show(value)} is not a number."))];
    }

    /// <summary>A value for a message, shortened.</summary>
    public static string Show(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : value.GetRawText();

    private static InvalidDataException Wrong(JsonElement element, string name, string right) => new($"'{name}' is {Show(element.Get(name))}; it should be {right}.");
}
