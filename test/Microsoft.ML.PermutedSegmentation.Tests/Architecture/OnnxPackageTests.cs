using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The ONNX package stands on Core and Images alone, and on what these show to everybody.</summary>
public sealed class OnnxPackageTests
{
    [Fact]
    public void Neither_it_nor_what_it_stands_on_references_TorchSharp_or_the_main_package()
    {
        string[] all = [.. WithReferences(typeof(OnnxSegmenter).Assembly).Distinct()];
        Assert.Contains("Microsoft.ML.PermutedSegmentation.Core", all);
        Assert.DoesNotContain(all, name => name.Contains("Torch", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("Microsoft.ML.PermutedSegmentation", all);
    }

    [Theory]
    [InlineData(typeof(PermutationKey))]
    [InlineData(typeof(ImageFile))]
    [InlineData(typeof(PermutedSegmentationTransformer))]
    public void No_other_package_shows_it_internals(Type type) => Assert.DoesNotContain(
        type.Assembly.GetCustomAttributes<InternalsVisibleToAttribute>(),
        friend => friend.AssemblyName == typeof(OnnxSegmenter).Assembly.GetName().Name);

    // Of this repository's packages also what they reference.
    private static IEnumerable<string> WithReferences(Assembly assembly) => assembly.GetReferencedAssemblies().SelectMany(reference =>
        reference.Name!.StartsWith("Microsoft.ML.PermutedSegmentation", StringComparison.Ordinal)
            ? WithReferences(Assembly.Load(reference)).Prepend(reference.Name)
            : [reference.Name]);
}
