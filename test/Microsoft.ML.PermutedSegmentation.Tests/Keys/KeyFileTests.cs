using System.Runtime.Versioning;
using System.Text;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class KeyFileTests : IDisposable
{
    private const string Variable = "PERMUTED_SEGMENTATION_TEST_KEY";

    // Bytes 0x00, 0x01, ..., 0x1f.
    private const string Base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string Pem = $"-----BEGIN PERMUTATION KEY-----\n{Base64}\n-----END PERMUTATION KEY-----\n";

    private static readonly byte[] Salt = new byte[16];
    private readonly string _folder = Directory.CreateTempSubdirectory("permuted-keys-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Saves_pem_that_only_the_owner_can_read_and_nothing_else()
    {
        string path = InFolder("model.key");
        using PermutationKey key = ZeroTo31();
        key.Save(path);

        Assert.Equal(Pem, File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Loads_what_it_saved_without_a_warning()
    {
        string path = InFolder("model.key");
        using var key = PermutationKey.Generate();
        key.Save(path);
        using var loaded = PermutationKey.Load(path, _warnings.Add);

        Assert.Equal(key.GetFingerprint(Salt), loaded.GetFingerprint(Salt));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Loads_pem_with_windows_line_ends_and_a_remark()
    {
        string path = Write("The key of the street model\r\n" + Pem.Replace("\n", "\r\n"));
        using var key = PermutationKey.Load(path, _warnings.Add);
        AssertIsZeroTo31(key);
    }

    // What editors and shells make of a key's file; the encodings by their names in .NET.
    [Theory]
    [InlineData("utf-8", Pem)]
    [InlineData("utf-16", Pem)]
    [InlineData("utf-16BE", Pem)]
    [InlineData("utf-16", "\r\n" + "-----BEGIN PERMUTATION KEY-----  \r\n\r\n" + Base64 + " \r\n-----END PERMUTATION KEY-----\t \r\n \r\n")]
    [InlineData("utf-8", "  -----BEGIN PERMUTATION KEY-----\n  AAECAwQFBgcICQoLDA0ODxAR\n  EhMUFRYXGBkaGxwdHh8=\n  -----END PERMUTATION KEY-----\n")]
    [InlineData("utf-8", "\"" + Pem + "\"\n")]
    [InlineData("utf-8", @"-----BEGIN PERMUTATION KEY-----\n" + Base64 + @"\n-----END PERMUTATION KEY-----\n")]
    public void Loads_what_editors_and_shells_make_of_it(string encoding, string text)
    {
        string path = InFolder("test.key");
        File.WriteAllText(path, text, Encoding.GetEncoding(encoding)); // begins with a byte order mark
        using var key = PermutationKey.Load(path, _warnings.Add);
        AssertIsZeroTo31(key);
    }

    [Fact]
    public void Key_bytes_that_were_cut_off_in_another_encoding_are_refused()
    {
        string path = InFolder("test.key");
        File.WriteAllText(path, Pem.Replace("AAEC", "AA\u0145C"), Encoding.Unicode); // its low byte alone is the E
        var error = Assert.Throws<FormatException>(() => PermutationKey.Load(path, _warnings.Add));
        Assert.Contains(path, error.Message);
    }

    [UnixTheory, UnsupportedOSPlatform("windows")]
    [InlineData(UnixFileMode.GroupRead, "640")]
    [InlineData(UnixFileMode.OtherRead, "604")]
    [InlineData(UnixFileMode.OtherWrite, "602")]
    public void Warns_of_a_file_that_others_can_access(UnixFileMode mode, string octal)
    {
        string path = Write(Pem);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);
        using var key = PermutationKey.Load(path, _warnings.Add);

        AssertIsZeroTo31(key);
        _warnings.Should().ContainSingle().Which.Should().Contain(path).And.Contain(octal);
    }

    [Fact]
    public void Never_overwrites_a_file()
    {
        string path = Write("precious");
        using PermutationKey key = ZeroTo31();
        key.Invoking(precious => precious.Save(path)).Should().Throw<IOException>().WithMessage($"*{path}*").WithMessage("*never overwritten*");
        Assert.Equal("precious", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [UnixFact]
    public void Saving_through_a_dangling_link_fails_and_leaves_nothing_behind()
    {
        string path = InFolder("link");
        File.CreateSymbolicLink(path, InFolder("elsewhere"));
        using PermutationKey key = ZeroTo31();
        Assert.Throws<IOException>(() => key.Save(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Saving_into_a_missing_folder_names_it()
    {
        using PermutationKey key = ZeroTo31();
        var error = Assert.Throws<DirectoryNotFoundException>(() => key.Save(Path.Combine(_folder, "missing", "model.key")));
        Assert.Contains("missing", error.Message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<FileNotFoundException>(() => PermutationKey.Load(InFolder("missing.key")));
        Assert.Contains("missing.key", error.Message);
    }

    [Fact]
    public void A_folder_is_no_key_file()
    {
        var error = Assert.Throws<IOException>(() => PermutationKey.Load(_folder));
        Assert.Contains("is a folder", error.Message);
    }

    [Theory]
    [InlineData("", "PERMUTATION KEY")]
    [InlineData(Base64, "PERMUTATION KEY")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\n" + Base64, "PERMUTATION KEY")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\n*" + Base64 + "\n-----END PERMUTATION KEY-----", "PERMUTATION KEY")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\n" + Base64 + "\n-----END PRIVATE KEY-----", "PERMUTATION KEY")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n" + Base64 + "\n-----END PRIVATE KEY-----", "label is not 'PERMUTATION KEY'")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\n-----END PERMUTATION KEY-----", "32 bytes")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n-----END PERMUTATION KEY-----", "32 bytes")]
    [InlineData("-----BEGIN PERMUTATION KEY-----\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n-----END PERMUTATION KEY-----", "32 bytes")]
    [InlineData(Pem + "-----BEGIN PERMUTATION KEY-----\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4=\n-----END PERMUTATION KEY-----", "more than one key")]
    public void Rejects_a_damaged_or_foreign_file_without_quoting_it(string content, string hint)
    {
        string path = Write(content);
        Action load = () => PermutationKey.Load(path, _warnings.Add);
        load.Should().Throw<FormatException>().WithMessage($"*{path}*").WithMessage($"*{hint}*").Which.ToString().Should().NotContain("AAEC");
    }

    [Fact]
    public void Rejects_a_file_of_more_than_4096_bytes()
    {
        string path = Write(Pem.PadRight(4097, '\n'));
        var error = Assert.Throws<FormatException>(() => PermutationKey.Load(path, _warnings.Add));
        Assert.Contains(path, error.Message);
        Assert.Contains("4096 bytes", error.Message);

        File.WriteAllText(path, Pem.PadRight(4096, '\n'));
        using var key = PermutationKey.Load(path, _warnings.Add);
        AssertIsZeroTo31(key);
    }

    [Theory]
    [InlineData(Pem)]
    [InlineData(Base64)]
    [InlineData("  " + Base64 + "\n")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAR\nEhMUFRYXGBkaGxwdHh8=\n")]
    [InlineData(@"AAECAwQFBgcICQoLDA0ODxAR\nEhMUFRYXGBkaGxwdHh8=\n")]
    [InlineData(@"-----BEGIN PERMUTATION KEY-----\n" + Base64 + @"\n-----END PERMUTATION KEY-----\n")]
    [InlineData(@"-----BEGIN PERMUTATION KEY-----\r\n" + Base64 + @"\r\n-----END PERMUTATION KEY-----\r\n")]
    [InlineData("'-----BEGIN PERMUTATION KEY----- " + Base64 + " -----END PERMUTATION KEY-----'")]
    [InlineData("\" " + Base64 + "\"")]
    [InlineData("\uFEFF" + Pem)]
    public void Reads_pem_or_base64_from_the_environment(string value)
    {
        Environment.SetEnvironmentVariable(Variable, value);
        using var key = PermutationKey.FromEnvironmentVariable(Variable);
        AssertIsZeroTo31(key);
    }

    [Theory]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "base64")]
    [InlineData("AAEC*gibberish*", "base64")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "32 bytes")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj", "32 bytes")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n" + Base64 + "\n-----END PRIVATE KEY-----", "PERMUTATION KEY")]
    public void Rejects_a_bad_environment_variable_without_quoting_it(string value, string hint)
    {
        Environment.SetEnvironmentVariable(Variable, value);
        Action read = () => PermutationKey.FromEnvironmentVariable(Variable);
        read.Should().Throw<FormatException>().WithMessage($"*{Variable}*").WithMessage($"*{hint}*").Which.ToString().Should().NotContain("AAEC");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void A_missing_or_blank_environment_variable_is_named(string? value)
    {
        Environment.SetEnvironmentVariable(Variable, value);
        var error = Assert.Throws<InvalidOperationException>(() => PermutationKey.FromEnvironmentVariable(Variable));
        Assert.Contains(Variable, error.Message);
    }

    private static PermutationKey ZeroTo31() => PermutationKey.FromBytes([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    private static void AssertIsZeroTo31(PermutationKey key)
    {
        using PermutationKey expected = ZeroTo31();
        Assert.Equal(expected.GetFingerprint(Salt), key.GetFingerprint(Salt));
    }

    private string InFolder(string name) => Path.Combine(_folder, name);

    private string Write(string content)
    {
        string path = InFolder("test.key");
        File.WriteAllText(path, content);
        return path;
    }
}
