namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Input;

/// <summary>How fast images were read.</summary>
/// <param name="ImagesPerSecond">Images in a second.</param>
/// <param name="CoresBusy">Processor time of this process in a second; NaN: it was another process.</param>
internal readonly record struct InputSpeed(double ImagesPerSecond, double CoresBusy);
