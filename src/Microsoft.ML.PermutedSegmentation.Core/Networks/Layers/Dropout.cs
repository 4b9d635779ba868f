namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>In training, sets values to 0 at random and scales the others up. In scoring it is nothing.</summary>
public sealed class Dropout : Layer
{
    internal Dropout(Layer input, double probability) : base([input], input.Channels, input.Stride) => Probability = probability;

    /// <summary>The share of the values that become 0.</summary>
    public double Probability { get; }
}
