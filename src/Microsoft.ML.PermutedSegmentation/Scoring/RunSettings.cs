namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>How a model runs on this machine: what its file does not hold, and what is made of it has, too.</summary>
/// <param name="Precision">The numbers in which it scores; never <see cref="ScoringPrecision.Auto"/>.</param>
/// <param name="InputWorkers">How many threads read images for it; null: as many as it leaves cores idle.</param>
internal sealed record RunSettings(ScoringPrecision Precision = ScoringPrecision.Single, int? InputWorkers = null);
