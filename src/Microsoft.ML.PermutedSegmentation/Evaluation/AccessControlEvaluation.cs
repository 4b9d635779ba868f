using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation;

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
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        ModelDescription description = segmenter.Model.Description;
        bool encryptsImages = description.ImageEncryption is not null || before.Any(link => link is BlockwiseEncryptingTransformer);
        if (!description.IsProtected && !encryptsImages)
            throw new ArgumentException("This model is not protected by a key: there are no key conditions to compare.", nameof(model));
        if (segmenter.Model.Matches(key) == false || before.OfType<BlockwiseEncryptingTransformer>().Any(link => link.Matches(key) == false))
            throw new ArgumentException("This is not the model's key: the fingerprint differs.", nameof(key));
        CheckClasses(Apply(before, data), labelColumnName, description);

        PermutationKey[] wrongKeys = DrawKeys(((IHostEnvironmentInternal)environment).Seed, wrongKeyCount);
        PermutationKey?[] keys = [key, null, .. wrongKeys];
        try
        {
            SegmentationMetrics[] metrics = encryptsImages
                ? EvaluateEach(environment, before, segmenter, data, keys, labelColumnName, cancellation)
                : segmenter.CreateSweep().Run(Apply(before, data), labelColumnName, keys, cancellation);
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

    // A key changes the images themselves, so that no layer computes the same for two keys.
    private static SegmentationMetrics[] EvaluateEach(
        IHostEnvironment environment, ITransformer[] before, PermutedSegmentationTransformer segmenter, IDataView data,
        PermutationKey?[] keys, string labelColumnName, CancellationToken cancellation)
        => [.. keys.Select(key =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var underKey = new PermutedSegmentationTransformer(environment, segmenter.Model.With(key), saysWhenLocked: false);
            IDataView images = Apply([.. before.Select(link => link is BlockwiseEncryptingTransformer encryption ? encryption.With(key) : link)], data);
            return DataViewEvaluation.Evaluate(underKey.Transform(images), labelColumnName, segmenter.Model.Description.PredictedLabelColumnName);
        })];

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
