using System.Text;
using PermutedSegmentation.BuildTool;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public class NativeLibraryPatchTests
{
    // As "readelf -p .dynstr" and the version table of the real file show them; the hashes are little-endian.
    private const string Symbol = "\0_ZSt21ios_base_library_initv\0";
    private const string Version = "\0GLIBCXX_3.4.32\0";
    private static readonly byte[] Hash = [0x42, 0xF8, 0x97, 0x02];
    private static readonly byte[] OldHash = [0x74, 0x29, 0x92, 0x08];

    [Theory]
    [InlineData("", 0u)]
    [InlineData("printf", 0x077905A6u)]
    [InlineData("GLIBC_2.2.5", 0x09691A75u)]
    [InlineData("GLIBCXX_3.4", 0x08922974u)]
    [InlineData("GLIBCXX_3.4.32", 0x0297F842u)]
    public void Hashes_names_as_the_ELF_specification_says(string name, uint expected) =>
        Assert.Equal(expected, NativeLibraryPatch.ComputeElfHash(name));

    [Fact]
    public void Replaces_symbol_version_and_hash_and_nothing_else()
    {
        byte[] image = Concatenate("head", Symbol, "middle", Version, Hash, "tail");

        NativeLibraryPatch.Apply(image, "1.2.3");

        byte[] expected = Concatenate(
            "head", "\0_ZNSt8ios_base4InitC1Ev\0\0\0\0\0\0", "middle", "\0GLIBCXX_3.4\0\0\0\0", OldHash, "tail");
        Assert.Equal(expected, image);
    }

    [Fact]
    public void Leaves_longer_names_that_contain_a_pattern_alone()
    {
        const string DebugName = "\0_ZSt21ios_base_library_initv@GLIBCXX_3.4.32\0";
        byte[] image = Concatenate(Symbol, Version, Hash, DebugName);

        NativeLibraryPatch.Apply(image, "1.2.3");

        Assert.Equal(Encoding.ASCII.GetBytes(DebugName), image[^DebugName.Length..]);
    }

    [Fact]
    public void Leaves_a_patched_library_as_it_is()
    {
        byte[] once = Concatenate(Symbol, Version, Hash);
        NativeLibraryPatch.Apply(once, "1.2.3");
        byte[] twice = [.. once];

        NativeLibraryPatch.Apply(twice, "1.2.3");

        Assert.Equal(once, twice);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 1, 2)]
    public void Refuses_a_missing_or_doubled_pattern_and_changes_nothing(int symbols, int versions, int hashes)
    {
        byte[] image = Concatenate(
            [.. Enumerable.Repeat<object>(Symbol, symbols), .. Enumerable.Repeat<object>(Version, versions), .. Enumerable.Repeat<object>(Hash, hashes)]);
        byte[] before = [.. image];

        var exception = Assert.Throws<BuildToolException>(() => NativeLibraryPatch.Apply(image, "1.2.3"));

        Assert.Equal("PS0010", exception.Code);
        Assert.Contains("TorchSharp 1.2.3", exception.Message);
        Assert.Contains("eng/README.md", exception.Message);
        Assert.Equal(before, image);
    }

    [Fact]
    public void Never_writes_through_a_link()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            byte[] original = Concatenate(Symbol, Version, Hash);
            string source = Path.Combine(folder.FullName, "package.so");
            string target = Path.Combine(folder.FullName, "output.so");
            File.WriteAllBytes(source, original);
            File.CreateSymbolicLink(target, source);

            NativeLibraryPatch.Write(source, target, "1.2.3");

            Assert.Equal(original, File.ReadAllBytes(source));
            Assert.NotEqual(original, File.ReadAllBytes(target));
            Assert.Null(new FileInfo(target).LinkTarget);
            Assert.Equal(2, folder.GetFiles().Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void TorchSharp_finds_its_native_library_here()
    {
        using var scope = torch.NewDisposeScope();

        Assert.Equal(4f, torch.ones(2, 2).sum().item<float>());
    }

    private static byte[] Concatenate(params object[] parts) =>
        [.. parts.SelectMany(part => part is string text ? Encoding.ASCII.GetBytes(text) : (byte[])part)];
}
