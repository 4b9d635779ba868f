using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ThreeDigitCodeTests
{
    private static readonly byte[] Salt = new byte[16];

    [Fact]
    public void Every_value_of_a_byte_comes_back_from_its_code()
    {
        using var key = PermutationKey.Generate();
        var code = new ThreeDigitCode(key.GetThreeDigitCodes(Salt));
        var codes = Enumerable.Range(0, 256).Select(value => code.Encrypt((byte)value)).ToList();
        Assert.All(codes, number => Assert.InRange(number, 0, 999));
        Assert.Equal(256, codes.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 256), codes.Select(number => (int)code.Decrypt(number)));
        Assert.Equal(codes.Max(), code.Largest);
    }

    [Fact]
    public void Another_key_or_salt_gives_another_table()
    {
        using PermutationKey key = PermutationKey.Generate(), other = PermutationKey.Generate();
        int[] codes = key.GetThreeDigitCodes(Salt);
        Assert.Equal(codes, key.GetThreeDigitCodes(Salt));
        Assert.NotEqual(codes, other.GetThreeDigitCodes(Salt));
        Assert.NotEqual(codes, key.GetThreeDigitCodes([.. Salt[..15], 1]));
    }

    [Fact]
    public void A_number_that_is_no_code_is_refused()
    {
        var code = new ThreeDigitCode([.. Enumerable.Range(0, 256).Select(value => 3 * value)]);
        Assert.Equal(7, code.Decrypt(21));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Decrypt(22));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Decrypt(-3));
    }

    [Fact]
    public void Numbers_are_scaled_by_the_largest_code_and_rounded()
    {
        var code = new ThreeDigitCode([.. Enumerable.Range(0, 255), 510]);
        Assert.Equal([0, 0.5f, 1, 1.5f, 2, 127.5f, 255], ((int[])[0, 1, 2, 3, 4, 255, 510]).Select(code.Scale));
    }
}
