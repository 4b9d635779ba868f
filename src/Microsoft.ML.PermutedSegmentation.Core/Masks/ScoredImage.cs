using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a network says of an image.</summary>
public sealed class ScoredImage
{
    /// <param name="labels">Key values, height x width.</param>
    /// <param name="probabilities">Of each class at each pixel, classes x height x width; null if they were not asked for.</param>
    /// <param name="height">Height of the mask in pixels.</param>
    /// <param name="width">Width of the mask in pixels.</param>
    /// <exception cref="ArgumentException">The arrays have other lengths.</exception>
    public ScoredImage(byte[] labels, float[]? probabilities, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (labels.Length != (long)height * width)
            throw new ArgumentException($"{height} x {width} pixels (height x width) need as many labels, not {labels.Length}.", nameof(labels));
        if (probabilities is not null && probabilities.Length % labels.Length != 0)
            throw new ArgumentException($"{probabilities.Length} are no whole number of probabilities for each of {labels.Length} pixels.", nameof(probabilities));
        (Labels, Probabilities, Height, Width) = (labels, probabilities, height, width);
    }

    /// <summary>Key values, height x width, as in the column PredictedLabel: class k is k + 1 (<see cref="MaskLabels"/>).</summary>
    public byte[] Labels { get; }

    /// <summary>The probability of each class at each pixel, classes x height x width; null if it was not asked for.</summary>
    public float[]? Probabilities { get; }

    /// <summary>Height of the mask in pixels.</summary>
    public int Height { get; }

    /// <summary>Width of the mask in pixels.</summary>
    public int Width { get; }

    /// <summary>The mask in class indexes, from 0: [height, width].</summary>
    public byte[,] ToMask()
    {
        byte[,] mask = new byte[Height, Width];
        MaskLabels.ToClasses(Labels, MemoryMarshal.CreateSpan(ref mask[0, 0], mask.Length));
        return mask;
    }
}
