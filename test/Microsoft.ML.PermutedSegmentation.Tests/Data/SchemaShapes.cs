using System.Reflection;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What an estimator is told about its input; ML.NET makes it of a schema by a method of its own.</summary>
internal static class SchemaShapes
{
    public static SchemaShape Of(DataViewSchema schema) =>
        (SchemaShape)typeof(SchemaShape).GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [schema])!;
}
