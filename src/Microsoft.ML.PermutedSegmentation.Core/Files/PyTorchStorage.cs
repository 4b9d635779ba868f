namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>Where a PyTorch file has the values of tensors.</summary>
/// <param name="TypeName">PyTorch's name for it, such as FloatStorage.</param>
/// <param name="Key">Its name in the file.</param>
/// <param name="Count">How many elements it has.</param>
internal sealed record PyTorchStorage(string TypeName, string Key, long Count)
{
    // The bytes of more elements could not be counted.
    private const long LargestCount = long.MaxValue / sizeof(long);

    // PyTorch numbers them. A pickle can use one long text as the name of many.
    private const int LongestKey = 32;

    private static readonly Dictionary<string, (ElementType? Type, int Size)> Types = new()
    {
        ["FloatStorage"] = (ElementType.Float32, 4),
        ["HalfStorage"] = (ElementType.Float16, 2),
        ["BFloat16Storage"] = (ElementType.BFloat16, 2),
        ["DoubleStorage"] = (ElementType.Float64, 8),
        ["LongStorage"] = (ElementType.Int64, 8),
        ["ByteStorage"] = (ElementType.UInt8, 1),
        // Not read, but they may stand beside what is.
        ["IntStorage"] = (null, 4),
        ["ShortStorage"] = (null, 2),
        ["CharStorage"] = (null, 1),
        ["BoolStorage"] = (null, 1),
    };

    /// <summary>What its elements are; null: something that no network has as weights.</summary>
    public ElementType? Type => Types[TypeName].Type;

    /// <summary>How many bytes it has.</summary>
    public long Length => Count * Types[TypeName].Size;

    /// <summary>Whether there are storages of a name.</summary>
    public static bool IsKnown(string typeName) => Types.ContainsKey(typeName);

    /// <summary>The storage that a pickle refers to.</summary>
    /// <param name="id">
    /// "storage", its type, its key, the device that it was on, how many elements it has, and in old files what it is a part of: null, since state
    /// dicts have no parts.
    /// </param>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static PyTorchStorage Of(object? id) =>
        id is object?[] { Length: 5 or 6 } parts && parts[0] is "storage" && parts[1] is PickleGlobal { Module: "torch" } type && IsKnown(type.Name)
        && parts[2] is string { Length: <= LongestKey } key && parts[4] is long and >= 0 and <= LargestCount and var count && parts[5..] is [] or [null]
            ? new PyTorchStorage(type.Name, key, count)
            : throw new InvalidDataException("it holds tensors in a form that is not read, or is damaged.");
}
