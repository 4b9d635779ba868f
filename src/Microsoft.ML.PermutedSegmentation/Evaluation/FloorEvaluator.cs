namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What can be had without looking at an image: the floors that a locked model is judged by.</summary>
internal sealed class FloorEvaluator
{
    private readonly SegmentationEvaluator[] _constant;
    private readonly byte[][] _constantMasks;
    private readonly SegmentationEvaluator? _prior;
    private readonly byte[]? _priorMask;

    /// <param name="classNames">The classes.</param>
    /// <param name="pixels">Pixels of a mask.</param>
    /// <param name="mostFrequent">The most frequent key value of each pixel, or null.</param>
    public FloorEvaluator(IReadOnlyList<string> classNames, int pixels, byte[]? mostFrequent)
    {
        _constant = [.. classNames.Select(_ => new SegmentationEvaluator(classNames))];
        _constantMasks = [.. Enumerable.Range(1, classNames.Count).Select(value => Enumerable.Repeat((byte)value, pixels).ToArray())];
        _prior = mostFrequent is null ? null : new SegmentationEvaluator(classNames);
        _priorMask = mostFrequent;
    }

    /// <summary>The metrics of the constant class with the highest mean IoU.</summary>
    public SegmentationMetrics BestConstantClass => _constant.Select(evaluator => evaluator.ToMetrics()).MaxBy(metrics => metrics.MeanIntersectionOverUnion)!;

    /// <summary>The metrics of the most frequent class of each pixel.</summary>
    public SegmentationMetrics? MostFrequentClassPerPixel => _prior?.ToMetrics();

    /// <summary>Adds a true mask.</summary>
    public void AddImage(byte[] truth)
    {
        for (int k = 0; k < _constant.Length; k++)
            _constant[k].AddImage(truth, _constantMasks[k]);
        _prior?.AddImage(truth, _priorMask);
    }

    /// <summary>The key value that each pixel has most often, void apart.</summary>
    /// <param name="masks">A column of masks, of any size.</param>
    /// <param name="labelColumnName">Its name.</param>
    /// <param name="height">Height to resize the masks to.</param>
    /// <param name="width">Width to resize the masks to.</param>
    public static byte[] FindMostFrequent(IDataView masks, string labelColumnName, int height, int width)
    {
        MaskColumn column = MaskColumn.Find(masks.Schema, labelColumnName, nameof(labelColumnName));
        using DataViewRowCursor cursor = masks.GetLazyCursor(column.Columns);
        MaskColumn.Reader reader = column.CreateReader(cursor);
        int[,] counts = new int[height * width, column.ClassCount + 1];
        byte[] mask = new byte[height * width];
        while (cursor.MoveNext())
        {
            NearestResizer.Resize(reader.Read(), reader.Height, reader.Width, mask, height, width);
            for (int p = 0; p < mask.Length; p++)
                counts[p, mask[p]]++;
        }
        for (int p = 0; p < mask.Length; p++)
            mask[p] = (byte)Enumerable.Range(1, column.ClassCount).MaxBy(value => counts[p, value]);
        return mask;
    }
}
