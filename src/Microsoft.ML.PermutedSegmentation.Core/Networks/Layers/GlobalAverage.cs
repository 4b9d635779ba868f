namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The mean of each channel over all pixels: a map of one pixel.</summary>
public sealed class GlobalAverage : Layer
{
    internal GlobalAverage(Layer input) : base([input], input.Channels, stride: 0)
    {
    }
}
