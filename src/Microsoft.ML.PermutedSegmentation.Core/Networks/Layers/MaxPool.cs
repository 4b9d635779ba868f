namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The largest value of each 3x3 pixels, at every second pixel.</summary>
public sealed class MaxPool : Layer
{
    /// <summary>Height and width of what the largest is taken of.</summary>
    public const int Kernel = 3;

    /// <summary>The distance of the places.</summary>
    public const int Step = 2;

    /// <summary>The pixels of padding on each side.</summary>
    public const int Padding = 1;

    internal MaxPool(Layer input) : base([input], input.Channels, input.Stride * Step)
    {
    }
}
