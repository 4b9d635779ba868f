namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>Where a PyTorch file has the values of tensors.</summary>
/// <param name="TypeName">PyTorch's name for it, such as FloatStorage.</param>
/// <param name="Key">Its name in the file.</param>
/// <param name="Count">How many elements it has.</param>
internal sealed record PyTorchStorage(string TypeName, string Key, long Count)
{
    /// <summary>The bytes of more elements could not be counted.</summary>
    public const long LargestCount = long.MaxValue / sizeof(long);

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
}
