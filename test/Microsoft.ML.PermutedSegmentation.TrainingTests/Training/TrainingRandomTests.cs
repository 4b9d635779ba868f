using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TrainingRandomTests
{
    [Fact]
    public void An_epoch_draws_the_same_whatever_was_drawn_before()
    {
        using var whole = new TrainingRandom(5);
        List<(int, long)> expected = [.. Enumerable.Range(1, 6).Select(epoch => Draw(whole, epoch))];
        using var resumed = new TrainingRandom(5);
        Assert.Equal(expected[3..], Enumerable.Range(4, 3).Select(epoch => Draw(resumed, epoch)));
        Assert.Equal(6, expected.Select(drawn => drawn.Item1).Distinct().Count());
        Assert.Equal(6, expected.Select(drawn => drawn.Item2).Distinct().Count());
    }

    [Fact]
    public void Another_seed_draws_something_else()
    {
        using TrainingRandom one = new(5), other = new(6);
        Assert.NotEqual(one.HoldOut().Next(), other.HoldOut().Next());
        (int crops, long dropout) = Draw(one, 1);
        (int otherCrops, long otherDropout) = Draw(other, 1);
        Assert.NotEqual(crops, otherCrops);
        Assert.NotEqual(dropout, otherDropout);
    }

    private static (int Crops, long Dropout) Draw(TrainingRandom random, int epoch)
    {
        Random crops = random.StartEpoch(epoch);
        using Tensor dropout = randint(long.MaxValue, [1], ScalarType.Int64, generator: random.Generator);
        return (crops.Next(), dropout.item<long>());
    }
}
