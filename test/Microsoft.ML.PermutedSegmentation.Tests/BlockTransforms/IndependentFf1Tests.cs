using Org.BouncyCastle.Crypto.Fpe;
using Org.BouncyCastle.Crypto.Parameters;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Bouncy Castle's FF1, which refuses messages as short as three digits (SP 800-38G revision 1), agrees about longer ones.</summary>
public sealed class IndependentFf1Tests
{
    [Theory]
    [InlineData(2, 20)]
    [InlineData(2, 97)]
    [InlineData(10, 6)]
    [InlineData(10, 7)]
    [InlineData(36, 19)]
    [InlineData(255, 3)]
    [InlineData(256, 40)]
    public void Agrees_with_ours(int radix, int length)
    {
        var random = new Random(radix * length);
        foreach (int tweakLength in (int[])[0, 1, 11, 16, 40])
        {
            byte[] key = new byte[32], tweak = new byte[tweakLength], encrypted = new byte[length];
            random.NextBytes(key);
            random.NextBytes(tweak);
            int[] numerals = [.. Enumerable.Range(0, length).Select(_ => random.Next(radix))];
            var theirs = new FpeFf1Engine();
            theirs.Init(forEncryption: true, new FpeParameters(new KeyParameter(key), radix, tweak));
            theirs.ProcessBlock([.. numerals.Select(numeral => (byte)numeral)], 0, length, encrypted, 0);
            using var ours = new Ff1(key, radix);
            Assert.Equal([.. encrypted.Select(numeral => (int)numeral)], ours.Encrypt(numerals, tweak));
        }
    }
}
