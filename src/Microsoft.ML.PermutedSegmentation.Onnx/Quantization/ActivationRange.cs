namespace Microsoft.ML.PermutedSegmentation.Quantization;

/// <summary>The values of a feature map that bytes stand for: 0, which padding and ReLU make, and all that was seen.</summary>
internal readonly record struct ActivationRange(float Min, float Max)
{
    /// <summary>Of scales within these, the product of two by a third is a number.</summary>
    public const float SmallestScale = 1f / (1L << 40), LargestScale = 1L << 40;

    /// <summary>The distance of two values that follow one another.</summary>
    public float Scale => Math.Max((Max - Min) / byte.MaxValue, SmallestScale);

    /// <summary>The byte of 0.</summary>
    public byte ZeroPoint => (byte)Math.Clamp(MathF.Round(-Min / Scale), 0, byte.MaxValue);

    /// <summary>The same, with values that were seen.</summary>
    public ActivationRange With(float min, float max) => new(Math.Min(Min, min), Math.Max(Max, max));

    /// <summary>What is between two values, for maps of which nothing else matters.</summary>
    public ActivationRange Within(float min, float max) => new(Math.Max(Min, min), Math.Min(Max, max));
}
