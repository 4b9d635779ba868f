using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>JSON by reflection, which is off for everything that does not ask for it (Directory.Build.props).</summary>
internal static class TestJson
{
    /// <summary>Properties in camelCase.</summary>
    public static JsonSerializerOptions Web { get; } = new(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    /// <summary>Fields, too.</summary>
    public static JsonSerializerOptions WithFields { get; } = new() { IncludeFields = true, TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
}
