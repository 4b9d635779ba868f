using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models of encrypted images in an application that does not have the package which encrypts them.</summary>
public sealed class MissingPackageTests
{
    private const string Package = "Microsoft.ML.PermutedSegmentation.Research";

    private const string Description = """
        {
          "backbone": "ResNet18", "outputStride": 8, "imageHeight": 16, "imageWidth": 16, "classNames": ["a", "b"], "featureMaps": "None",
          "imageEncryption": { "method": "Shuffle", "blockSize": 4 }, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "fingerprint": null,
          "imageColumnName": "Image", "predictedLabelColumnName": "PredictedLabel", "scoreColumnName": "Score"
        }
        """;

    [Fact]
    public void With_it_they_open() =>
        Assert.Equal(new BlockScheme(BlockTransformMethod.Shuffle, 4), BlockScheme.Of(ModelDescription.FromJson(Encoding.UTF8.GetBytes(Description)).PixelTransform!));

    [Fact]
    public void Without_it_they_name_it()
    {
        Assembly core = new WithoutPackage().LoadFromAssemblyPath(typeof(ModelDescription).Assembly.Location);
        Type maker = core.GetType(typeof(PixelTransformMaker).FullName!)!;
        var exception = Assert.Throws<TargetInvocationException>(() => maker.GetMethod(nameof(PixelTransformMaker.Find))!.Invoke(null, null));
        Assert.Contains(Package, Assert.IsType<InvalidOperationException>(exception.InnerException).Message);
    }

    private sealed class WithoutPackage() : AssemblyLoadContext(nameof(WithoutPackage))
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == Package ? throw new FileNotFoundException("It is not there.", Package) : null;
    }
}
