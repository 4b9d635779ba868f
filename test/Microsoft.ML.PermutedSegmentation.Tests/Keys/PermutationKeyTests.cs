using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class PermutationKeyTests
{
    private static readonly KeyVectors Vectors = KeyVectors.Load();
    private static readonly byte[] Bytes = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] Salt = [.. Enumerable.Range(100, 16).Select(i => (byte)i)];

    [Fact]
    public void Permutations_agree_with_the_independent_implementation()
    {
        Assert.Equal(3 * 6 * 9, Vectors.Permutations.Length);
        foreach (KeyVectors.Permutation expected in Vectors.Permutations)
        {
            using var key = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
            int[] actual = key.GetChannelPermutation(Convert.FromHexString(expected.Salt), expected.FeatureMap, expected.Channels);
            Assert.Equal(expected.First, actual[..expected.First.Length]);
            byte[] hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', actual)));
            Assert.Equal(expected.Sha256, Convert.ToHexStringLower(hash));
        }
    }

    [Fact]
    public void Fingerprints_agree_with_the_independent_implementation()
    {
        Assert.NotEmpty(Vectors.Fingerprints);
        foreach (KeyVectors.Fingerprint expected in Vectors.Fingerprints)
        {
            using var key = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
            Assert.Equal(expected.Value, Convert.ToHexStringLower(key.GetFingerprint(Convert.FromHexString(expected.Salt))));
        }
    }

    [Fact]
    public void A_passphrase_gives_the_key_of_the_independent_implementation()
    {
        KeyVectors.PassphraseKey expected = Vectors.Passphrase;
        using var key = PermutationKey.FromPassphrase(expected.Passphrase, Convert.FromHexString(expected.Salt));
        using var bytes = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
        Assert.Equal(bytes.GetFingerprint(Salt), key.GetFingerprint(Salt));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(257)]
    [InlineData(2048)]
    public void Every_channel_occurs_once(int channels)
    {
        using var key = PermutationKey.Generate();
        int[] permutation = key.GetChannelPermutation(Salt, 3, channels);
        Assert.Equal(Enumerable.Range(0, channels), permutation.Order());
    }

    [Fact]
    public void Another_key_salt_map_or_channel_count_gives_another_permutation()
    {
        using var key = PermutationKey.FromBytes(Bytes);
        using var otherKey = PermutationKey.FromBytes([.. Bytes[..31], 0]);
        byte[] otherSalt = [.. Salt[..15], 0];
        int[] permutation = key.GetChannelPermutation(Salt, 2, 256);

        Assert.Equal(permutation, key.GetChannelPermutation(Salt, 2, 256));
        Assert.NotEqual(permutation, otherKey.GetChannelPermutation(Salt, 2, 256));
        Assert.NotEqual(permutation, key.GetChannelPermutation(otherSalt, 2, 256));
        Assert.NotEqual(permutation, key.GetChannelPermutation(Salt, 3, 256));
        Assert.NotEqual(permutation, key.GetChannelPermutation(Salt, 2, 257)[..256]);
        Assert.NotEqual(key.GetFingerprint(Salt), otherKey.GetFingerprint(Salt));
        Assert.NotEqual(key.GetFingerprint(Salt), key.GetFingerprint(otherSalt));
    }

    [Fact]
    public void The_24_orders_of_four_channels_are_equally_likely()
    {
        const int PerOrder = 500;
        using var key = PermutationKey.FromBytes(Bytes);
        var counts = new Dictionary<string, int>();
        for (int i = 0; i < 24 * PerOrder; i++)
        {
            byte[] salt = new byte[16];
            BitConverter.TryWriteBytes(salt, i);
            string order = string.Join(',', key.GetChannelPermutation(salt, 1, 4));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        double chiSquare = counts.Values.Sum(n => (n - PerOrder) * (double)(n - PerOrder) / PerOrder);
        Assert.InRange(chiSquare, 7.5, 49.7); // 23 degrees of freedom, 0.1 % to either side
    }

    [Fact]
    public void Generated_keys_differ()
    {
        using var first = PermutationKey.Generate();
        using var second = PermutationKey.Generate();
        Assert.NotEqual(first.GetFingerprint(Salt), second.GetFingerprint(Salt));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Rejects_a_key_of_wrong_length(int length)
    {
        var error = Assert.Throws<ArgumentException>(() => PermutationKey.FromBytes(new byte[length]));
        Assert.Contains("32 bytes", error.Message);
    }

    [Fact]
    public void Rejects_an_empty_passphrase() =>
        Assert.Throws<ArgumentException>("passphrase", () => PermutationKey.FromPassphrase("", Salt));

    [Fact]
    public void Rejects_a_salt_of_seven_bytes_for_a_passphrase() =>
        Assert.Throws<ArgumentException>("salt", () => PermutationKey.FromPassphrase("secret", new byte[7]));

    [Fact]
    public void Rejects_half_a_surrogate_pair_without_quoting_it()
    {
        var error = Assert.Throws<ArgumentException>("passphrase", () => PermutationKey.FromPassphrase("secret\ud83d", Salt));
        Assert.DoesNotContain("D83D", error.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(17)]
    public void Rejects_a_model_salt_of_wrong_length(int length)
    {
        using var key = PermutationKey.FromBytes(Bytes);
        Assert.Throws<ArgumentException>("modelSalt", () => key.GetChannelPermutation(new byte[length], 1, 64));
        Assert.Throws<ArgumentException>("modelSalt", () => key.GetFingerprint(new byte[length]));
    }

    [Theory]
    [InlineData(0, 64, "featureMap")]
    [InlineData(7, 64, "featureMap")]
    [InlineData(1, 0, "channels")]
    [InlineData(1, -1, "channels")]
    public void Rejects_maps_outside_1_to_6_and_no_channels(int featureMap, int channels, string parameter)
    {
        using var key = PermutationKey.FromBytes(Bytes);
        Assert.Throws<ArgumentOutOfRangeException>(parameter, () => key.GetChannelPermutation(Salt, featureMap, channels));
    }

    [Fact]
    public void Dispose_clears_the_bytes_and_ends_the_key()
    {
        var key = PermutationKey.FromBytes(Bytes);
        byte[] memory = SecretMemory(key);
        Assert.Equal(Bytes, memory);

        key.Dispose();
        key.Dispose();

        Assert.Equal(new byte[32], memory);
        Assert.Throws<ObjectDisposedException>(() => key.GetChannelPermutation(Salt, 1, 64));
        Assert.Throws<ObjectDisposedException>(() => key.GetFingerprint(Salt));
        Assert.Throws<ObjectDisposedException>(() => key.Save("never-written.key"));
    }

    [Fact]
    public void The_key_is_a_copy_of_the_given_bytes()
    {
        byte[] bytes = [.. Bytes];
        using var key = PermutationKey.FromBytes(bytes);
        byte[] fingerprint = key.GetFingerprint(Salt);
        bytes.AsSpan().Clear();
        Assert.Equal(fingerprint, key.GetFingerprint(Salt));
    }

    [Fact]
    public void Text_debugger_and_json_show_nothing_of_the_key()
    {
        using var key = PermutationKey.FromBytes(Bytes);
        Assert.Equal("PermutationKey (hidden)", key.ToString());
        Assert.Equal("{}", JsonSerializer.Serialize(key, TestJson.Web));
        Assert.Equal("{}", JsonSerializer.Serialize(key, TestJson.WithFields));

        Assert.DoesNotContain("{", typeof(PermutationKey).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value);
        Assert.All(
            typeof(PermutationKey).GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public),
            field => Assert.Equal(DebuggerBrowsableState.Never, field.GetCustomAttribute<DebuggerBrowsableAttribute>()?.State));
        Assert.Empty(typeof(PermutationKey).GetProperties());
    }

    private static byte[] SecretMemory(PermutationKey key) =>
        (byte[])typeof(PermutationKey).GetField("_bytes", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(key)!;
}
