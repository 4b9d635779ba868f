using System.Reflection;
using System.Runtime.Loader;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models of encrypted images in an application that does not have the package which encrypts them.</summary>
public sealed class MissingPackageTests
{
    private const string Package = "Microsoft.ML.PermutedSegmentation.Research";

    [Fact]
    public void With_it_there_is_a_maker() => Assert.IsType<BlockTransformMaker>(PixelTransformMaker.Find());

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
