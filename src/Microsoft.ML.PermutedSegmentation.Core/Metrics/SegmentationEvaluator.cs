using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Metrics;

/// <summary>
/// Counts image after image what <see cref="SegmentationMetrics"/> is made of. Masks hold key values: 0 is void (or, in a
/// prediction, missing), class k is k + 1. One pass over the pixels; of an image it keeps its mean IoU only. For one thread.
/// </summary>
internal sealed class SegmentationEvaluator
{
    private const int MaximumClassCount = byte.MaxValue;

    // Neighbouring pixels mostly fall into the same cell, and adding to a cell waits for the last addition to it;
    // so neighbours are counted in different copies of the histogram.
    private const int Copies = 4;
    private const int Run = sizeof(ulong);
    private const ulong EqualBytes = 0x0101010101010101;

    private readonly IReadOnlyList<string> _classNames;
    private readonly bool[] _ignored;
    private readonly int _values;              // key values: the classes and 0
    private readonly int[] _imageCounts;       // [copy, truth, predicted]
    private readonly long[] _counts;           // [truth, predicted]
    private readonly int[] _imagePredicted;    // [predicted], labelled pixels only
    private readonly int[] _imageTruth;        // [truth]
    private readonly LabelCounts _labels;
    private readonly List<double> _imageIous = [];

    /// <param name="classNames">One name for each of the 1 to 255 classes.</param>
    /// <param name="ignoredClasses">Classes, from 0, to leave out of averages over classes.</param>
    public SegmentationEvaluator(IReadOnlyList<string> classNames, IReadOnlyCollection<int>? ignoredClasses = null)
    {
        if (classNames.Count is 0 or > MaximumClassCount)
            throw new ArgumentException($"There must be 1 to {MaximumClassCount} classes, not {classNames.Count}.", nameof(classNames));
        _classNames = classNames;
        _ignored = MarkIgnored(classNames.Count, ignoredClasses ?? []);
        _values = MaskLabels.KeyValueCount(classNames.Count);
        _imageCounts = new int[Copies * _values * _values];
        _counts = new long[_values * _values];
        _imagePredicted = new int[_values];
        _imageTruth = new int[_values];
        _labels = new LabelCounts(classNames);
    }

    /// <summary>Adds several images, whose predicted masks lie one behind the other.</summary>
    /// <exception cref="InvalidDataException">A value stands for no class.</exception>
    public void AddImages(IReadOnlyList<byte[]> truths, ReadOnlySpan<byte> predicted)
    {
        int pixels = predicted.Length / truths.Count;
        for (int i = 0; i < truths.Count; i++)
            AddImage(truths[i], predicted.Slice(i * pixels, pixels));
    }

    /// <summary>Adds an image's masks, of equal length.</summary>
    /// <exception cref="InvalidDataException">A value stands for no class.</exception>
    public void AddImage(ReadOnlySpan<byte> truth, ReadOnlySpan<byte> predicted)
    {
        if (truth.Length != predicted.Length)
            throw new ArgumentException($"The true mask has {truth.Length} pixels, the predicted one {predicted.Length}.", nameof(predicted));
        CheckValues(truth, "true");
        CheckValues(predicted, "predicted");
        CountPixels(truth, predicted);
        FoldImage();
    }

    /// <summary>Adds what the other processes of a group have counted; images come in the order of the ranks.</summary>
    public void AddOthers(IProcessGroup group)
    {
        double[] counts = group.Sum([.. _counts.Select(count => (double)count)]);
        for (int cell = 0; cell < counts.Length; cell++)
            _counts[cell] = (long)counts[cell];
        _labels.AddOthers(group);
        int[] images = [.. group.GatherAll<int>([_imageIous.Count]).Select(count => count[0])];
        double[] own = new double[images.Max()];
        _imageIous.CopyTo(own);
        double[][] ious = group.GatherAll<double>(own);
        _imageIous.Clear();
        for (int rank = 0; rank < images.Length; rank++)
            _imageIous.AddRange(ious[rank].AsSpan(0, images[rank]));
    }

    /// <exception cref="InvalidOperationException">There was no image, or not one labelled pixel.</exception>
    public SegmentationMetrics ToMetrics()
    {
        if (_imageIous.Count == 0)
            throw new InvalidOperationException("There is no image to evaluate: the data has no rows.");
        long[,] matrix = new long[_classNames.Count, _values];
        long labelled = 0;
        for (int k = 0; k < _classNames.Count; k++)
        {
            for (int predicted = 0; predicted < _values; predicted++)
                labelled += matrix[k, predicted] = _counts[MaskLabels.KeyValueOf(k) * _values + predicted];
        }
        if (labelled == 0)
            throw new InvalidOperationException($"There is nothing to evaluate: every pixel of all {_imageIous.Count} images is void (has no label).");

        return new SegmentationMetrics(
            new PixelConfusionMatrix(matrix), _classNames, _ignored, _imageIous.ToArray().AsReadOnly(), voidPixelCount: _labels.Pixels[0])
        {
            ObjectsAsVoid = _labels.FindObjectsAsVoid(),
        };
    }

    private static bool[] MarkIgnored(int classCount, IReadOnlyCollection<int> ignoredClasses)
    {
        bool[] ignored = new bool[classCount];
        foreach (int k in ignoredClasses)
        {
            if (k < 0 || k >= classCount)
                throw new ArgumentOutOfRangeException(nameof(ignoredClasses), k, $"Classes are numbered from 0 to {classCount - 1}.");
            ignored[k] = true;
        }
        if (!ignored.Contains(false))
            throw new ArgumentException($"All {classCount} classes are ignored; at least one must be left.", nameof(ignoredClasses));
        return ignored;
    }

    private void CheckValues(ReadOnlySpan<byte> mask, string kind)
    {
        int wrong = mask.IndexOfAnyExceptInRange((byte)0, (byte)(_values - 1));
        if (wrong >= 0)
            throw new InvalidDataException($"Pixel {wrong} of the {kind} mask of image {_imageIous.Count} (both counted from 0) has key value {mask[wrong]}; 0 (none) to {_values - 1} are possible.");
    }

    private void CountPixels(ReadOnlySpan<byte> truth, ReadOnlySpan<byte> predicted)
    {
        Span<int> copy0 = _imageCounts.AsSpan(0, _counts.Length);
        Span<int> copy1 = _imageCounts.AsSpan(1 * _counts.Length, _counts.Length);
        Span<int> copy2 = _imageCounts.AsSpan(2 * _counts.Length, _counts.Length);
        Span<int> copy3 = _imageCounts.AsSpan(3 * _counts.Length, _counts.Length);
        ReadOnlySpan<ulong> truthRuns = MemoryMarshal.Cast<byte, ulong>(truth);
        ReadOnlySpan<ulong> predictedRuns = MemoryMarshal.Cast<byte, ulong>(predicted);
        int values = _values;
        for (int i = 0; i < truthRuns.Length && i < predictedRuns.Length; i++)
        {
            ulong t = truthRuns[i], p = predictedRuns[i];
            // Regions are much wider than eight pixels, so most runs are of one kind.
            if (t == (byte)t * EqualBytes && p == (byte)p * EqualBytes)
            {
                copy0[(byte)t * values + (byte)p] += Run;
                continue;
            }
            copy0[(byte)t * values + (byte)p]++;
            copy1[(byte)(t >> 8) * values + (byte)(p >> 8)]++;
            copy2[(byte)(t >> 16) * values + (byte)(p >> 16)]++;
            copy3[(byte)(t >> 24) * values + (byte)(p >> 24)]++;
            copy0[(byte)(t >> 32) * values + (byte)(p >> 32)]++;
            copy1[(byte)(t >> 40) * values + (byte)(p >> 40)]++;
            copy2[(byte)(t >> 48) * values + (byte)(p >> 48)]++;
            copy3[(byte)(t >> 56) * values + (byte)(p >> 56)]++;
        }
        for (int i = truthRuns.Length * Run; i < truth.Length; i++)
            copy0[truth[i] * values + predicted[i]]++;
    }

    /// <summary>Adds the image's histogram to the total and its IoU to the sum, and clears it.</summary>
    private void FoldImage()
    {
        Span<int> image = _imageCounts.AsSpan(0, _counts.Length);
        for (int copy = 1; copy < Copies; copy++)
            TensorPrimitives.Add(image, _imageCounts.AsSpan(copy * image.Length, image.Length), image);
        for (int cell = 0; cell < image.Length; cell++)
            _counts[cell] += image[cell];

        for (int value = 0; value < _values; value++)
            _imageTruth[value] = TensorPrimitives.Sum<int>(image.Slice(value * _values, _values));
        _labels.Add(_imageTruth);
        Array.Clear(_imagePredicted);
        for (int value = 1; value < _values; value++)
            TensorPrimitives.Add<int>(_imagePredicted, image.Slice(value * _values, _values), _imagePredicted);

        double iouSum = 0;
        int classes = 0;
        for (int value = 1; value < _values; value++)
        {
            ReadOnlySpan<int> row = image.Slice(value * _values, _values);
            long union = (long)_imageTruth[value] + _imagePredicted[value] - row[value];
            if (union == 0 || _ignored[value - 1])
                continue;
            iouSum += (double)row[value] / union;
            classes++;
        }

        _imageIous.Add(iouSum / classes);
        Array.Clear(_imageCounts);
    }
}
