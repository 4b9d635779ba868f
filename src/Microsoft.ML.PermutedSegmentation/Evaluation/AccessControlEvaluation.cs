using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Evaluates a protected model under the three key conditions of the paper (Sec. III-B and III-C).</summary>
internal static class AccessControlEvaluation
{
    public static AccessControlMetrics Evaluate(
        IHostEnvironment environment, ITransformer model, IDataView data, PermutationKey key, int wrongKeyCount,
        IDataView? trainingData, string labelColumnName, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wrongKeyCount, 1);
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        ModelDescription description = segmenter.Model.Description;
        if (!description.IsProtected)
            throw new ArgumentException("This model is not protected by a key: there are no key conditions to compare.", nameof(model));
        if (segmenter.Model.Matches(key) == false)
            throw new ArgumentException("This is not the model's key: the fingerprint differs.", nameof(key));

        IDataView rows = Apply(before, data);
        CheckClasses(rows, labelColumnName, description);
        byte[]? mostFrequent = trainingData is null ? null
            : FloorEvaluator.FindMostFrequent(Apply(before, trainingData), labelColumnName, description.ImageHeight, description.ImageWidth);
        var floors = new FloorEvaluator(description.ClassNames, description.ImageHeight * description.ImageWidth, mostFrequent);

        PermutationKey[] wrongKeys = DrawKeys(((IHostEnvironmentInternal)environment).Seed, wrongKeyCount);
        PermutationKey?[] keys = [key, null, .. wrongKeys];
        SegmentationEvaluator[] evaluators = [.. keys.Select(_ => new SegmentationEvaluator(description.ClassNames))];
        segmenter.CreateSweep().Run(rows, labelColumnName, keys, evaluators, floors.AddImage, cancellation);
        foreach (PermutationKey wrongKey in wrongKeys)
            wrongKey.Dispose();

        SegmentationMetrics[] metrics = [.. evaluators.Select(evaluator => evaluator.ToMetrics())];
        return new AccessControlMetrics(metrics[0], metrics[1], new WrongKeyMetrics(metrics[2..]), floors.BestConstantClass, floors.MostFrequentClassPerPixel);
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
