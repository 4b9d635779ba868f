using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class Ff1Tests
{
    private const string Numerals = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>NIST's published samples for FF1 in SP 800-38G, 1 to 9. The keys of 128 and 192 bits begin like that of 256.</summary>
    [Theory]
    [InlineData(128, 10, "", "0123456789", "2433477484")]
    [InlineData(128, 10, "39383736353433323130", "0123456789", "6124200773")]
    [InlineData(128, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum")]
    [InlineData(192, 10, "", "0123456789", "2830668132")]
    [InlineData(192, 10, "39383736353433323130", "0123456789", "2496655549")]
    [InlineData(192, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr")]
    [InlineData(256, 10, "", "0123456789", "6657667009")]
    [InlineData(256, 10, "39383736353433323130", "0123456789", "1001623463")]
    [InlineData(256, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd")]
    public void Agrees_with_the_samples_of_Nist(int keySizeInBits, int radix, string tweak, string plain, string expected)
    {
        byte[] key = Convert.FromHexString("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94");
        using var cipher = new Ff1(key.AsSpan(0, keySizeInBits / 8), radix);
        int[] encrypted = cipher.Encrypt([.. plain.Select(c => Numerals.IndexOf(c))], Convert.FromHexString(tweak));
        Assert.Equal(expected, string.Concat(encrypted.Select(numeral => Numerals[numeral])));
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(2, 9)]   // radix to a power is a power of two
    [InlineData(3, 2)]
    public void Is_a_permutation_of_all_messages_of_a_length(int radix, int length)
    {
        using var cipher = new Ff1(new byte[32], radix);
        int count = (int)Math.Pow(radix, length);
        var seen = new HashSet<string>();
        for (int message = 0; message < count; message++)
        {
            int[] numerals = [.. Enumerable.Range(0, length).Select(i => message / (int)Math.Pow(radix, i) % radix)];
            int[] encrypted = cipher.Encrypt(numerals, []);
            Assert.Equal(length, encrypted.Length);
            Assert.All(encrypted, numeral => Assert.InRange(numeral, 0, radix - 1));
            seen.Add(string.Join(' ', encrypted));
        }
        Assert.Equal(count, seen.Count);
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(-1, 10)]
    public void Rejects_numerals_outside_the_radix(int numeral, int radix)
    {
        using var cipher = new Ff1(new byte[16], radix);
        Assert.Throws<ArgumentOutOfRangeException>("numerals", () => cipher.Encrypt([1, numeral], []));
    }

    [Fact]
    public void Rejects_a_radix_below_2_and_fewer_than_two_numerals()
    {
        Assert.Throws<ArgumentOutOfRangeException>("radix", () => new Ff1(new byte[16], 1));
        using var cipher = new Ff1(new byte[16], 10);
        Assert.Throws<ArgumentOutOfRangeException>("numerals", () => cipher.Encrypt([1], []));
    }
}
