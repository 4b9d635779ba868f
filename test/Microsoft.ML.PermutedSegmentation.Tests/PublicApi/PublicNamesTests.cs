using System.Reflection;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// Programs use this library's namespace beside those of ML.NET: a public type of ours with the simple name of one of theirs would have
/// to be written out in each of them.
/// </summary>
public sealed class PublicNamesTests
{
    private static readonly Assembly[] Ours = [.. new[] { typeof(PermutedSegmentationTransformer), typeof(PermutationKey), typeof(ImageFile), typeof(OnnxSegmenter), typeof(ProtectedOnnxTransformer), typeof(AttackOptions) }
        .Select(type => type.Assembly).Distinct()];

    [Fact]
    public void No_public_type_is_called_as_one_of_MLNETs()
    {
        string[] names = ["Microsoft.ML.Core", "Microsoft.ML.Data", "Microsoft.ML.DataView", "Microsoft.ML.Transforms", "Microsoft.ML.ImageAnalytics", "Microsoft.ML.StandardTrainers",
            "Microsoft.ML.OnnxTransformer", "Microsoft.ML.PCA", "Microsoft.ML.KMeansClustering", "Microsoft.ML.CpuMath"];
        HashSet<string> theirs = [.. names.Select(Assembly.Load).SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.Name)];
        Assert.Contains("ConfusionMatrix", theirs);
        Assert.DoesNotContain(Ours.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => !type.IsNested).Select(type => type.Name), theirs.Contains);
    }
}
