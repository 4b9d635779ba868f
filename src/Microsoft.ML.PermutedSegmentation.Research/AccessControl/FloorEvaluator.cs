namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>What can be had without looking at an image: the floors that a locked model is judged by. Only masks are read.</summary>
internal sealed class FloorEvaluator
{
    private readonly KeyedChain _model;
    private readonly string _labelColumnName;

    /// <param name="model">Tells the classes, and the size that masks are resized to.</param>
    /// <param name="labelColumnName">The column of masks.</param>
    /// <param name="test">Rows whose masks are to be guessed.</param>
    /// <param name="training">Rows whose masks tell the most frequent class of each pixel; null to leave that floor out.</param>
    public FloorEvaluator(KeyedChain model, string labelColumnName, IDataView test, IDataView? training)
    {
        (_model, _labelColumnName) = (model, labelColumnName);
        int pixels = model.ImageHeight * model.ImageWidth;
        List<byte[]> guesses = [.. Enumerable.Range(1, model.ClassNames.Count).Select(value => Enumerable.Repeat((byte)value, pixels).ToArray())];
        if (training is not null)
            guesses.Add(FindMostFrequent(training));

        SegmentationEvaluator[] evaluators = [.. guesses.Select(_ => new SegmentationEvaluator(model.ClassNames))];
        foreach (byte[] truth in Masks(test))
        {
            for (int i = 0; i < guesses.Count; i++)
                evaluators[i].AddImage(truth, guesses[i]);
        }
        BestConstantClass = evaluators.Take(model.ClassNames.Count).Select(evaluator => evaluator.ToMetrics()).MaxBy(metrics => metrics.MeanIntersectionOverUnion)!;
        MostFrequentClassPerPixel = training is null ? null : evaluators[^1].ToMetrics();
    }

    /// <summary>The metrics of the constant class with the highest mean IoU.</summary>
    public SegmentationMetrics BestConstantClass { get; }

    /// <summary>The metrics of the most frequent class of each pixel.</summary>
    public SegmentationMetrics? MostFrequentClassPerPixel { get; }

    // The key value that each pixel has most often, void apart.
    private byte[] FindMostFrequent(IDataView training)
    {
        int pixels = _model.ImageHeight * _model.ImageWidth, classCount = _model.ClassNames.Count;
        int[,] counts = new int[pixels, MaskLabels.KeyValueCount(classCount)];
        foreach (byte[] mask in Masks(training))
        {
            for (int p = 0; p < pixels; p++)
                counts[p, mask[p]]++;
        }
        return [.. Enumerable.Range(0, pixels).Select(p => (byte)Enumerable.Range(1, classCount).MaxBy(value => counts[p, value]))];
    }

    // Each mask at the model's size, valid until the next.
    private IEnumerable<byte[]> Masks(IDataView rows)
    {
        MaskColumn column = MaskColumn.Find(rows.Schema, _labelColumnName, "labelColumnName");
        using DataViewRowCursor cursor = rows.GetLazyCursor(column.Columns);
        MaskColumn.Reader reader = column.CreateReader(cursor);
        byte[] mask = new byte[_model.ImageHeight * _model.ImageWidth];
        while (cursor.MoveNext())
        {
            MaskResizer.Resize(reader.Read(), reader.Height, reader.Width, mask, _model.ImageHeight, _model.ImageWidth);
            if (mask.Any(value => value > column.ClassCount))
                throw new InvalidDataException($"Row {cursor.Position}: the mask has a key value above {column.ClassCount}, the number of classes.");
            yield return mask;
        }
    }
}
