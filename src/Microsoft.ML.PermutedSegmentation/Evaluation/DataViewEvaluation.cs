namespace Microsoft.ML.PermutedSegmentation.Evaluation;

/// <summary>Evaluates the masks of a data view, in one pass over its rows.</summary>
internal static class DataViewEvaluation
{
    /// <summary>
    /// Compares two columns of masks. A true mask of another size than its prediction is resized to the prediction's
    /// (nearest pixel); it has to have the shape of the row's image. Classes are named by the columns' KeyValues, or else by their number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not hold masks.</exception>
    /// <exception cref="ArgumentException">The columns disagree about the classes.</exception>
    /// <exception cref="InvalidDataException">A row's mask does not fit its size or its classes, or has another shape than its image.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SegmentationMetrics Evaluate(
        IDataView data, string labelColumnName, string predictedLabelColumnName, IReadOnlyCollection<int>? ignoredClasses = null,
        IProgress<long>? progress = null, CancellationToken cancellation = default, IProcessGroup? group = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentException.ThrowIfNullOrEmpty(labelColumnName);
        ArgumentException.ThrowIfNullOrEmpty(predictedLabelColumnName);
        var label = MaskColumn.Find(data.Schema, labelColumnName, nameof(labelColumnName));
        var predicted = MaskColumn.Find(data.Schema, predictedLabelColumnName, nameof(predictedLabelColumnName));
        var evaluator = new SegmentationEvaluator(AgreeOnClasses(label, predicted), ignoredClasses);

        var shape = new TruthShape(data.Schema, label, predicted);
        using DataViewRowCursor cursor = data.GetLazyCursor([.. label.Columns, .. predicted.Columns, .. shape.Columns]);
        MaskColumn.Reader labelReader = label.CreateReader(cursor), predictedReader = predicted.CreateReader(cursor);
        using TruthShape.Reader shapeReader = shape.CreateReader(cursor);
        byte[] resized = [];
        cancellation.ThrowIfCancellationRequested();
        for (long done = 0; cursor.MoveNext(); progress?.Report(++done))
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> truth = labelReader.Read();
            ReadOnlySpan<byte> prediction = predictedReader.Read();
            shapeReader.Check(labelReader.Size, predictedReader.Size);
            if (labelReader.Size != predictedReader.Size)
            {
                if (resized.Length != prediction.Length)
                    resized = new byte[prediction.Length];
                MaskResizer.Resize(truth, labelReader.Height, labelReader.Width, resized, predictedReader.Height, predictedReader.Width);
                truth = resized;
            }
            evaluator.AddImage(truth, prediction);
        }
        if (group is not null)
            evaluator.AddOthers(group);
        return evaluator.ToMetrics();
    }

    private static IReadOnlyList<string> AgreeOnClasses(MaskColumn label, MaskColumn predicted)
    {
        if (label.ClassCount != predicted.ClassCount)
            throw new ArgumentException($"Column '{label.Name}' has {label.ClassCount} classes, column '{predicted.Name}' has {predicted.ClassCount}; they must be the same.");
        if (label.ClassNames is { } names && predicted.ClassNames is { } predictedNames)
        {
            for (int k = 0; k < names.Count; k++)
            {
                if (names[k] != predictedNames[k])
                    throw new ArgumentException($"Class {k} is '{names[k]}' in column '{label.Name}' and '{predictedNames[k]}' in column '{predicted.Name}'; they must be the same.");
            }
        }
        return predicted.ClassNames ?? label.ClassNames ?? [.. Enumerable.Range(0, label.ClassCount).Select(k => FormattableString.Invariant($"{k}"))];
    }
}
