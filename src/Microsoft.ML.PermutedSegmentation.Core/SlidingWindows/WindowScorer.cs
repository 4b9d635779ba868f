namespace Microsoft.ML.PermutedSegmentation.SlidingWindows;

/// <summary>Runs a network over images of its own size.</summary>
/// <param name="images">Red, green and blue, 0 to 255, of each pixel: count x height x width x 3. There may be more behind them.</param>
/// <param name="count">How many images there are.</param>
/// <returns>Their scores at the size of the network's last map, count x rows x columns x classes; valid until the next call.</returns>
public delegate ReadOnlySpan<float> WindowScorer(float[] images, int count);
