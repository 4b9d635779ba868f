using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;

namespace ServiceTests.Hosting;

/// <summary>Keys from configuration and Data Protection.</summary>
public sealed class KeySourceTests : IDisposable
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))];

    private readonly TempFolder _folder = new();
    private readonly PermutationKey _key = PermutationKey.FromBytes(Bytes);

    [Fact]
    public void A_key_comes_from_a_setting_as_base64_or_PEM()
    {
        string base64 = Convert.ToBase64String(Bytes);
        IConfiguration settings = Settings(("Segmentation:Key", base64), ("Pem", $"-----BEGIN PERMUTATION KEY-----\\n{base64}\\n-----END PERMUTATION KEY-----"));
        foreach (string name in (string[])["Segmentation:Key", "Pem"])
        {
            using PermutationKey key = settings.GetPermutationKey(name);
            AssertSame(_key, key);
        }
    }

    [Fact]
    public void A_key_comes_from_a_file_per_setting_as_Kubernetes_mounts_secrets()
    {
        using (FileStream file = File.Create(_folder.At("Segmentation__Key")))
            _key.Save(file);
        IConfiguration settings = new ConfigurationBuilder().AddKeyPerFile(_folder.Root).Build();
        using PermutationKey key = settings.GetPermutationKey("Segmentation:Key");
        AssertSame(_key, key);
    }

    [Fact]
    public void A_setting_without_a_key_is_named_and_not_quoted()
    {
        IConfiguration settings = Settings(("Short", "c2VjcmV0"), ("Empty", " "));
        Assert.Throws<InvalidOperationException>(() => settings.GetPermutationKey("Missing")).Message.Should().Contain("'Missing'");
        Assert.Throws<InvalidOperationException>(() => settings.GetPermutationKey("Empty")).Message.Should().Contain("'Empty'");
        Assert.Throws<FormatException>(() => settings.GetPermutationKey("Short")).Message.Should().Contain("The setting 'Short'").And.NotContain("c2VjcmV0").And.NotContain("secret");
    }

    [Fact]
    public void A_protected_key_opens_for_its_application_only()
    {
        string path = _folder.At("key.protected");
        _key.SaveProtected(path, Application("a"));
        using PermutationKey key = Application("a").LoadPermutationKey(path);
        AssertSame(_key, key);

        string text = File.ReadAllText(path);
        text.Should().StartWith("-----BEGIN PROTECTED PERMUTATION KEY-----").And.NotContain(Convert.ToBase64String(Bytes)[..16]);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Throws<CryptographicException>(() => Application("b").LoadPermutationKey(path)).Message.Should().Contain(path).And.Contain("another application");
        IDataProtectionProvider otherMachine = DataProtectionProvider.Create(Directory.CreateDirectory(_folder.At("other ring")), setup => setup.SetApplicationName("a"));
        Assert.Throws<CryptographicException>(() => otherMachine.LoadPermutationKey(path));
    }

    [Fact]
    public void A_protected_key_is_never_overwritten_and_nothing_else_is_taken_for_one()
    {
        IDataProtectionProvider application = Application("a");
        string path = _folder.At("key.protected"), plain = _folder.At("key.pem");
        _key.SaveProtected(path, application);
        string before = File.ReadAllText(path);
        Assert.Throws<IOException>(() => _key.SaveProtected(path, application)).Message.Should().Contain("already exists");
        File.ReadAllText(path).Should().Be(before);
        _key.Save(plain);
        Assert.Throws<FormatException>(() => application.LoadPermutationKey(plain)).Message.Should().Contain("PermutationKey.Load");
        Assert.Throws<FormatException>(() => application.LoadPermutationKey(_folder.WriteText("text", "no key"))).Message.Should().Contain("is not a protected key");
        Assert.Throws<FormatException>(() => application.LoadPermutationKey(_folder.Write("large", new byte[1 << 20])));
        Assert.Throws<FileNotFoundException>(() => application.LoadPermutationKey(_folder.At("missing")));
        string changed = _folder.WriteText("changed", before.Replace("KEY-----\nC", "KEY-----\nD"));
        File.ReadAllText(changed).Should().NotBe(before);
        Assert.Throws<CryptographicException>(() => application.LoadPermutationKey(changed)).Message.Should().Contain("was changed");
        _key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _key.SaveProtected(_folder.At("new"), application));
        File.Exists(_folder.At("new")).Should().BeFalse();
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();

    private static void AssertSame(PermutationKey expected, PermutationKey actual) => actual.GetFingerprint(new byte[16]).Should().Equal(expected.GetFingerprint(new byte[16]));

    private IDataProtectionProvider Application(string name) =>
        DataProtectionProvider.Create(Directory.CreateDirectory(_folder.At("ring")), setup => setup.SetApplicationName(name));
}
