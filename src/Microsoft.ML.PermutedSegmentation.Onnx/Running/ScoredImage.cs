namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>What a network says of an image.</summary>
/// <param name="Labels">Key values, height x width: class k is k + 1.</param>
/// <param name="Probabilities">Of each class at each pixel, classes x height x width; null: not asked for.</param>
/// <param name="Height">Height of the mask.</param>
/// <param name="Width">Width of the mask.</param>
internal sealed record ScoredImage(byte[] Labels, float[]? Probabilities, int Height, int Width)
{
    /// <summary>The mask in class indexes.</summary>
    public byte[,] ToMask() => ToMask(Labels, Height, Width);

    /// <summary>The same of one image of several.</summary>
    /// <param name="labels">Key values, height x width.</param>
    /// <param name="height">Height of the mask.</param>
    /// <param name="width">Width of the mask.</param>
    public static byte[,] ToMask(ReadOnlySpan<byte> labels, int height, int width)
    {
        byte[,] mask = new byte[height, width];
        MaskLabels.ToClasses(labels, System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref mask[0, 0], mask.Length));
        return mask;
    }
}
