using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>
/// Evaluates what a key protects under the three key conditions of the paper: a permuted model (Table I), or a model of
/// images encrypted block by block (Table II).
/// </summary>
internal static class AccessControlEvaluation
{
    public static AccessControlMetrics Evaluate(
        IHostEnvironment environment, ITransformer model, IDataView data, PermutationKey key, int wrongKeyCount,
        IDataView? trainingData, string labelColumnName, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wrongKeyCount, 1);
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = RequireProtected(model);
        ModelDescription description = segmenter.Model.Description;
        KeyVerification.RefuseWrong(segmenter.Model.Matches(key), "model");
        foreach (IKeyedTransformer link in before.OfType<IKeyedTransformer>())
            KeyVerification.RefuseWrong(link.Matches(key), link.Name);
        CheckClasses(Apply(before, data), labelColumnName, description);

        PermutationKey[] wrongKeys = DrawKeys(environment.GetSeed(), wrongKeyCount);
        PermutationKey?[] keys = [key, null, .. wrongKeys];
        try
        {
            SegmentationMetrics[] metrics = Score(environment, before, segmenter, data, keys, labelColumnName, progress: null, cancellation);
            metrics[0].LogWarnings(environment);
            var floors = new FloorEvaluator(description, labelColumnName, Apply(before, data), trainingData is null ? null : Apply(before, trainingData));
            return new AccessControlMetrics(metrics[0], metrics[1], new WrongKeyMetrics(metrics[2..]), floors.BestConstantClass, floors.MostFrequentClassPerPixel);
        }
        finally
        {
            foreach (PermutationKey wrongKey in wrongKeys)
                wrongKey.Dispose();
        }
    }

    public static WrongKeyMetrics EvaluateWrongKeys(
        IHostEnvironment environment, ITransformer model, IDataView data, int wrongKeyCount, string labelColumnName,
        IProgress<long>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wrongKeyCount, 1);
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = RequireProtected(model);
        CheckClasses(Apply(before, data), labelColumnName, segmenter.Model.Description);
        PermutationKey[] wrongKeys = DrawKeys(environment.GetSeed(), wrongKeyCount);
        try
        {
            SegmentationMetrics[] metrics = Score(environment, before, segmenter, data, wrongKeys, labelColumnName, progress, cancellation);
            metrics[0].LogWarnings(environment);
            return new WrongKeyMetrics(metrics);
        }
        finally
        {
            foreach (PermutationKey wrongKey in wrongKeys)
                wrongKey.Dispose();
        }
    }

    private static (ITransformer[] Before, PermutedSegmentationTransformer Segmenter) RequireProtected(ITransformer model)
    {
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        if (segmenter.IsSealed)
            throw new ArgumentException("This model is sealed: without its key it does not run, so that there are no other key conditions to score.", nameof(model));
        return segmenter.Model.Description.IsProtected || EncryptsImages(before, segmenter)
            ? (before, segmenter)
            : throw new ArgumentException("This model is not protected by a key: there are no key conditions to compare.", nameof(model));
    }

    private static bool EncryptsImages(ITransformer[] before, PermutedSegmentationTransformer segmenter)
        => segmenter.Model.EncryptsImages || before.Any(link => link is IKeyedTransformer);

    // A key that changes the images themselves leaves no layer that computes the same for two keys; and a sweep knows resized images only.
    private static SegmentationMetrics[] Score(
        IHostEnvironment environment, ITransformer[] before, PermutedSegmentationTransformer segmenter, IDataView data,
        IReadOnlyList<PermutationKey?> keys, string labelColumnName, IProgress<long>? progress, CancellationToken cancellation)
        => EncryptsImages(before, segmenter) || !segmenter.Model.Description.ScoresResizedImages
            ? EvaluateEach(environment, before, segmenter, data, keys, labelColumnName, progress, cancellation)
            : new KeySweep(segmenter.Model, segmenter.Device).Run(Apply(before, data), labelColumnName, keys, cancellation, progress);

    private static SegmentationMetrics[] EvaluateEach(
        IHostEnvironment environment, ITransformer[] before, PermutedSegmentationTransformer segmenter, IDataView data,
        IReadOnlyList<PermutationKey?> keys, string labelColumnName, IProgress<long>? progress, CancellationToken cancellation)
    {
        var heap = new NativeHeap();
        long scored = 0;
        return [.. keys.Select(key =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var underKey = new PermutedSegmentationTransformer(environment, segmenter.Model.With(key), saysWhenLocked: false);
            IDataView images = Apply([.. before.Select(link => link is IKeyedTransformer keyed ? keyed.With(key) : link)], data);
            SegmentationMetrics metrics = DataViewEvaluation.Evaluate(underKey.Transform(images), labelColumnName, segmenter.Model.Columns.PredictedLabel);
            progress?.Report(scored += metrics.ImageCount);
            heap.Trim();
            return metrics;
        })];
    }

    private static IDataView Apply(ITransformer[] transformers, IDataView data)
        => transformers.Aggregate(data, (view, transformer) => transformer.Transform(view));

    private static void CheckClasses(IDataView rows, string labelColumnName, ModelDescription description)
    {
        int classCount = MaskColumn.Find(rows.Schema, labelColumnName, nameof(labelColumnName)).ClassCount;
        if (classCount != description.ClassNames.Count)
            throw new ArgumentException($"Column '{labelColumnName}' has {classCount} classes, the model {description.ClassNames.Count}; they must be the same.");
    }

    // With a seed the same keys in every run; nobody protects anything with them.
    private static PermutationKey[] DrawKeys(int? seed, int count) => [.. Enumerable.Range(0, count).Select(i => seed is null
        ? PermutationKey.Generate()
        : PermutationKey.FromBytes(SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"PermutedSegmentation/v1/wrong-key/{seed}/{i}")))))];
}
