using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// A row of an image whose scores are a mean of two rows of a small map, upsampled bilinearly between pixel centres. Where the four scores
/// around a pixel agree on the highest class, so does any mean of them: then it is known without the pixel's scores.
/// </summary>
/// <param name="across">For each pixel the columns of the map around it.</param>
/// <param name="columns">Width of the map.</param>
/// <param name="classes">How many classes there are.</param>
internal sealed class UpsampledRow(Neighbors[] across, int columns, int classes)
{
    /// <summary>What <see cref="AgreedClass"/> is where there is none.</summary>
    public const int NoClass = 255;

    private readonly float[] _scores = new float[columns * classes];
    private readonly byte[] _agreed = new byte[columns];

    /// <summary>Becomes the row between two rows of the map, of which the second has a share.</summary>
    public void Set(ReadOnlySpan<float> above, ReadOnlySpan<byte> bestAbove, ReadOnlySpan<float> below, ReadOnlySpan<byte> bestBelow, float share)
    {
        Mix(above, below, share, _scores);
        for (int x = 0; x < _agreed.Length; x++)
            _agreed[x] = bestAbove[x] == bestBelow[x] ? bestAbove[x] : (byte)NoClass;
    }

    /// <summary>The class on which all scores around a pixel agree, or <see cref="NoClass"/>.</summary>
    public int AgreedClass(int x) => _agreed[across[x].First] is var first && first == _agreed[across[x].Second] ? first : NoClass;

    /// <summary>The scores of a pixel.</summary>
    public void GetScores(int x, Span<float> scores)
    {
        (int left, int right, float share) = across[x];
        Mix(_scores.AsSpan(left * classes, classes), _scores.AsSpan(right * classes, classes), share, scores);
    }

    /// <summary>The probabilities of the classes at a pixel: softmax of its scores.</summary>
    public void GetProbabilities(int x, Span<float> probabilities)
    {
        GetScores(x, probabilities);
        TensorPrimitives.Subtract(probabilities, TensorPrimitives.Max<float>(probabilities), probabilities);
        TensorPrimitives.Exp(probabilities, probabilities);
        TensorPrimitives.Divide(probabilities, TensorPrimitives.Sum<float>(probabilities), probabilities);
    }

    /// <summary>The key values of all pixels.</summary>
    /// <param name="labels">Where they go.</param>
    /// <param name="pixel">Memory for the scores of a pixel.</param>
    public void GetLabels(Span<byte> labels, Span<float> pixel)
    {
        for (int x = 0; x < labels.Length; x++)
        {
            int label = AgreedClass(x);
            if (label == NoClass)
            {
                GetScores(x, pixel);
                label = TensorPrimitives.IndexOfMax<float>(pixel);
            }
            labels[x] = MaskLabels.ToKeyValue((byte)label);
        }
    }

    private static void Mix(ReadOnlySpan<float> first, ReadOnlySpan<float> second, float share, Span<float> result)
    {
        TensorPrimitives.Subtract(second, first, result);
        TensorPrimitives.MultiplyAdd(result, share, first, result);
    }
}
