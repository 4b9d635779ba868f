using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Decoded images, and which of their rows to use.</summary>
internal sealed record ImageRows(DecodedImages Images, IReadOnlyList<int> Rows);

/// <summary>What is learned from and what decides which epoch is kept.</summary>
internal sealed record TrainingData(ImageRows Training, ImageRows Validation, IReadOnlyList<string> ClassNames)
{
    /// <summary>What tells whether other data is the same; only of a training with a checkpoint or with several processes.</summary>
    public TrainingRows Description => new()
    {
        ClassNames = ClassNames,
        LearnedRows = Training.Rows.Count,
        ValidationRows = Validation.Rows.Count,
        ImagesAndMasks = Convert.ToHexStringLower(SHA256.HashData([.. Training.Images.Digest, .. Validation.Images.Digest])),
    };

    /// <summary>Decodes the rows once, checks them, and splits off the validation rows when none are given.</summary>
    /// <exception cref="ArgumentException">The data cannot be learned from.</exception>
    public static TrainingData Read(IDataView data, PermutedSegmentationTrainer.Options options, Random random, Action<TrainingProgress> report, Action<string> warn)
    {
        DecodedImages training = Decode(data, "input", options, options.ImageCacheMegabytes * 1024L * 1024, report);
        CheckLearnable(training, "training", warn);
        if (options.Loss.ClassWeights is { } weights && weights.Count != training.ClassNames.Count)
            throw new ArgumentException($"{nameof(SegmentationLoss.ClassWeights)} has {weights.Count} weights, but the masks have {training.ClassNames.Count} classes.");
        ImageRows learned, held;
        if (options.ValidationSet is { } validationSet)
        {
            DecodedImages validation = Decode(validationSet, nameof(options.ValidationSet), options, training.BudgetLeft, report);
            CheckNotVoid(validation, "validation");
            WarnOfVoid(validation, "validation", warn);
            if (validation.ClassNames.Count != training.ClassNames.Count)
                throw new ArgumentException($"The validation masks have {validation.ClassNames.Count} classes, the training masks {training.ClassNames.Count}.");
            learned = new ImageRows(training, [.. Enumerable.Range(0, training.Count)]);
            held = new ImageRows(validation, [.. Enumerable.Range(0, validation.Count)]);
        }
        else
        {
            int[] rows = [.. Enumerable.Range(0, training.Count)];
            random.Shuffle(rows);
            int heldOut = Math.Max(1, (int)Math.Round(training.Count * options.ValidationFraction));
            if (heldOut >= rows.Length)
                throw new ArgumentException($"There are {rows.Length} training rows; at least 2 are needed to hold one out for validation.");
            held = new ImageRows(training, [.. rows.Take(heldOut).Order()]);
            learned = new ImageRows(training, [.. rows.Skip(heldOut).Order()]);
        }
        return new TrainingData(learned, held, training.ClassNames);
    }

    private static DecodedImages Decode(
        IDataView data, string parameter, PermutedSegmentationTrainer.Options options, long budget, Action<TrainingProgress> report)
    {
        var images = new DecodedImages(data, options.ImageColumnName, options.LabelColumnName, budget, parameter);
        // A model with such names could not be loaded.
        if (ClassNameList.FindProblem(images.ClassNames) is { } problem)
            throw new ArgumentException($"The class names in the key values of column '{options.LabelColumnName}' cannot be those of a model. {problem}");
        int total = (int)(data.GetRowCount() ?? 0);
        images.ReadAll(
            count => report(new TrainingProgress(TrainingPhase.Reading, 0, options.Epochs ?? 0, count, total, 0, double.NaN, double.NaN, double.NaN, false, default)),
            options.CancellationToken, withDigest: options.CheckpointPath is not null || options.ProcessGroup is not null, options.InputWorkers);
        return images;
    }

    private static void CheckLearnable(DecodedImages images, string what, Action<string> warn)
    {
        CheckNotVoid(images, what);
        ReadOnlySpan<long> classes = images.Labels.Pixels[1..];
        int first = classes.IndexOfAnyExcept(0);
        if (!classes[(first + 1)..].ContainsAnyExcept(0))
            throw new ArgumentException($"All pixels of the {what} masks that are not void belong to one class, '{images.ClassNames[first]}'; at least two are needed. {images.Labels.FindObjectsAsVoid()}".TrimEnd());
        WarnOfVoid(images, what, warn);
    }

    private static void CheckNotVoid(DecodedImages images, string what)
    {
        if (images.Count == 0)
            throw new ArgumentException($"The {what} data has no rows.");
        if (!images.Labels.Pixels[1..].ContainsAnyExcept(0))
            throw new ArgumentException($"Every pixel of the {what} masks is void.");
    }

    private static void WarnOfVoid(DecodedImages images, string what, Action<string> warn)
    {
        if (images.Labels.FindObjectsAsVoid() is { } problem)
            warn($"Masks of the {what} data: {problem}");
    }
}
