namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>How time and memory grow with one thing.</summary>
/// <param name="Grows">What grows.</param>
/// <param name="Time">What the seconds are of.</param>
/// <param name="Lines">The sides, or the variants of one.</param>
internal sealed record ScalingSeries(string Grows, string Time, IReadOnlyList<ScalingLine> Lines);

/// <summary>One side.</summary>
internal sealed record ScalingLine(string Name, IReadOnlyList<ScalingPoint> Points);

/// <summary>Seconds, and the peak of resident memory in MB, at one size of what grows.</summary>
internal sealed record ScalingPoint(int Amount, double Seconds, double Megabytes);
