namespace Workbench.Report;

/// <summary>An axis from 0 with ticks at round numbers.</summary>
/// <param name="Maximum">Where it ends.</param>
/// <param name="Step">From one tick to the next.</param>
internal sealed record Axis(double Maximum, double Step)
{
    private const int MostTicks = 5;

    public IEnumerable<double> Ticks => Enumerable.Range(0, (int)(Maximum / Step + 1e-9) + 1).Select(i => i * Step);

    /// <summary>An axis that ends at the first tick from <paramref name="largest"/> on.</summary>
    /// <param name="largest">The largest value to show; 1 is taken instead of nothing at all.</param>
    /// <param name="isCount">Whether the values are whole numbers.</param>
    public static Axis UpTo(double largest, bool isCount = false)
    {
        var step = RoundStep(largest, isCount);
        return new Axis(Math.Max(1, Math.Ceiling(largest / step - 1e-9)) * step, step);
    }

    /// <summary>An axis that ends at a whole number.</summary>
    public static Axis EndingAt(int last) => new(last, RoundStep(last, isCount: true));

    // 1, 2 or 5 times a power of ten.
    private static double RoundStep(double largest, bool isCount)
    {
        var least = (largest > 0 ? largest : 1) / MostTicks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(candidate => candidate >= least * (1 - 1e-9));
        return isCount ? Math.Max(1, step) : step;
    }
}
