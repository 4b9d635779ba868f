using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class CosineAnnealingWithWarmRestartsTests
{
    private readonly CosineAnnealingWithWarmRestarts _schedule = new(Maximum: 0.1, Minimum: 0.0001, Period: 10);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.05005)] // half way: the mean of both
    [InlineData(2.5, 0.0001 + 0.0999 * (1 + 0.70710678118654752) / 2)] // cos(pi / 4)
    [InlineData(20.0 / 3, 0.0001 + 0.0999 * 0.25)] // cos(2 pi / 3) = -1/2
    [InlineData(10, 0.1)] // restart
    [InlineData(25, 0.05005)]
    public void Falls_along_half_a_cosine_and_restarts(double epoch, double expected)
        => Assert.Equal(expected, _schedule.At(epoch), 1e-12);

    [Fact]
    public void Comes_close_to_its_minimum_before_each_restart()
        => Assert.InRange(_schedule.At(29.999), 0.0001, 0.000101);
}
