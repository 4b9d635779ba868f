using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class KeyedRandomStreamTests
{
    [Fact]
    public void Numbers_below_a_bound_agree_with_the_independent_implementation()
    {
        KeyVectors.Draw[] draws = KeyVectors.Load().Draws;
        Assert.NotEmpty(draws);
        foreach (KeyVectors.Draw expected in draws)
        {
            using var stream = new KeyedRandomStream(Convert.FromHexString(expected.StreamKey));
            Assert.Equal(expected.Values, expected.Values.Select(_ => stream.NextBelow(expected.Bound)));
        }
    }
}
