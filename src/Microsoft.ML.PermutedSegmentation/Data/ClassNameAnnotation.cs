using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Class names as ML.NET keeps them.</summary>
internal static class ClassNameAnnotation
{
    /// <summary>The annotation by which ML.NET shows key values as names.</summary>
    public static DataViewSchema.Annotations Of(IReadOnlyList<string> names)
    {
        ReadOnlyMemory<char>[] values = [.. names.Select(name => name.AsMemory())];
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(SchemaColumn.KeyValues, new VectorDataViewType(TextDataViewType.Instance, values.Length),
            (ref VBuffer<ReadOnlyMemory<char>> target) => target = new VBuffer<ReadOnlyMemory<char>>(values.Length, [.. values]));
        return builder.ToAnnotations();
    }
}
