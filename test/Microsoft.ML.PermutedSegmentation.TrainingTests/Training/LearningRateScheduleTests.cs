using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LearningRateScheduleTests
{
    private readonly LearningRateSchedule _schedule = new(Maximum: 0.1, Minimum: 0.0001, Period: 10);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.05005)] // half way: the mean of both
    [InlineData(2.5, 0.0001 + 0.0999 * (1 + 0.70710678118654752) / 2)] // cos(pi / 4)
    [InlineData(20.0 / 3, 0.0001 + 0.0999 * 0.25)] // cos(2 pi / 3) = -1/2
    [InlineData(10, 0.1)] // restart
    [InlineData(25, 0.05005)]
    public void Falls_along_half_a_cosine_and_restarts(double epoch, double expected)
        => Assert.Equal(expected, _schedule.After(epoch), 1e-12);

    [Fact]
    public void Rises_over_the_first_steps_and_then_follows_the_cosine()
    {
        var schedule = new LearningRateSchedule(Maximum: 1, Minimum: 0, Period: 4, Warmup: 4);
        double[] rates = [.. Enumerable.Range(0, 8).Select(step => schedule.At(step, stepsPerEpoch: 2))];
        double[] cosine = [.. Enumerable.Range(0, 8).Select(step => (1 + Math.Cos(Math.PI * step / 8)) / 2)];
        double[] rise = [0.25, 0.5, 0.75, 1, 1, 1, 1, 1];
        Assert.All(rates.Zip(cosine, rise), rate => Assert.Equal(rate.Second * rate.Third, rate.First, 1e-12));
    }

    [Fact]
    public void Comes_close_to_its_minimum_before_each_restart()
        => Assert.InRange(_schedule.After(29.999), 0.0001, 0.000101);
}
