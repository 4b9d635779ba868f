namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// How many pixels of each true class were given each class: rows of pixels, not of examples as in ML.NET's <c>ConfusionMatrix</c>. Void pixels, those without a label, are not in it.
/// </summary>
public sealed class PixelConfusionMatrix
{
    // Row: true class. Column 0: no prediction (missing key value); column 1 + k: class k.
    private readonly long[,] _counts;

    /// <param name="counts">Pixels by [true class, predicted key value], where key value 0 is a missing prediction.</param>
    internal PixelConfusionMatrix(long[,] counts) => _counts = counts;

    /// <summary>The number of classes.</summary>
    public int ClassCount => _counts.GetLength(0);

    /// <summary>The number of pixels of class <paramref name="truth"/> that were given class <paramref name="predicted"/>.</summary>
    /// <param name="truth">The true class, from 0.</param>
    /// <param name="predicted">The predicted class, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long this[int truth, int predicted]
    {
        get
        {
            CheckClass(truth, nameof(truth));
            CheckClass(predicted, nameof(predicted));
            return _counts[truth, MaskLabels.KeyValueOf(predicted)];
        }
    }

    /// <summary>
    /// The number of pixels of class <paramref name="truth"/> that were given no class at all. They are misses of their
    /// class and false alarms of none.
    /// </summary>
    /// <param name="truth">The true class, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long GetMissingPredictions(int truth)
    {
        CheckClass(truth, nameof(truth));
        return _counts[truth, 0];
    }

    /// <summary>A copy of the counts as [true class, predicted class], without the missing predictions.</summary>
    public long[,] ToArray()
    {
        var result = new long[ClassCount, ClassCount];
        for (int truth = 0; truth < ClassCount; truth++)
        {
            for (int predicted = 0; predicted < ClassCount; predicted++)
                result[truth, predicted] = _counts[truth, MaskLabels.KeyValueOf(predicted)];
        }
        return result;
    }

    /// <summary>The number of pixels of a true class, TP + FN.</summary>
    /// <param name="truth">The true class, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long GetTruthCount(int truth)
    {
        CheckClass(truth, nameof(truth));
        long sum = 0;
        for (int value = 0; value <= ClassCount; value++)
            sum += _counts[truth, value];
        return sum;
    }

    /// <summary>The number of labelled pixels that were given a class, TP + FP.</summary>
    /// <param name="predicted">The predicted class, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long GetPredictedCount(int predicted)
    {
        CheckClass(predicted, nameof(predicted));
        long sum = 0;
        for (int truth = 0; truth < ClassCount; truth++)
            sum += _counts[truth, MaskLabels.KeyValueOf(predicted)];
        return sum;
    }

    private void CheckClass(int index, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index, parameter);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, ClassCount, parameter);
    }
}
