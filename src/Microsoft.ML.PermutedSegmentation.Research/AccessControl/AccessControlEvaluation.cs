using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>
/// Evaluates what a key protects under the three key conditions of the paper: a permuted model (Table I), a model of
/// images encrypted block by block (Table II), or a model of another package.
/// </summary>
internal static class AccessControlEvaluation
{
    public static AccessControlMetrics Evaluate(
        IHostEnvironment environment, ITransformer model, IDataView data, PermutationKey key, int wrongKeyCount,
        IDataView? trainingData, string labelColumnName, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wrongKeyCount, 1);
        KeyedChain chain = KeyedChain.Of(model);
        chain.RefuseWrong(key);
        CheckClasses(chain.Prepare(data), labelColumnName, chain);

        PermutationKey[] wrongKeys = DrawKeys(environment.GetSeed(), wrongKeyCount);
        PermutationKey?[] keys = [key, null, .. wrongKeys];
        try
        {
            SegmentationMetrics[] metrics = chain.Score(data, keys, labelColumnName, progress: null, cancellation);
            metrics[0].LogWarnings(environment);
            var floors = new FloorEvaluator(chain, labelColumnName, chain.Prepare(data), trainingData is null ? null : chain.Prepare(trainingData));
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
        KeyedChain chain = KeyedChain.Of(model);
        CheckClasses(chain.Prepare(data), labelColumnName, chain);
        PermutationKey[] wrongKeys = DrawKeys(environment.GetSeed(), wrongKeyCount);
        try
        {
            SegmentationMetrics[] metrics = chain.Score(data, wrongKeys, labelColumnName, progress, cancellation);
            metrics[0].LogWarnings(environment);
            return new WrongKeyMetrics(metrics);
        }
        finally
        {
            foreach (PermutationKey wrongKey in wrongKeys)
                wrongKey.Dispose();
        }
    }

    private static void CheckClasses(IDataView rows, string labelColumnName, KeyedChain model)
    {
        int classCount = MaskColumn.Find(rows.Schema, labelColumnName, nameof(labelColumnName)).ClassCount;
        if (classCount != model.ClassNames.Count)
            throw new ArgumentException($"Column '{labelColumnName}' has {classCount} classes, the model {model.ClassNames.Count}; they must be the same.");
    }

    // With a seed the same keys in every run; nobody protects anything with them.
    private static PermutationKey[] DrawKeys(int? seed, int count) => [.. Enumerable.Range(0, count).Select(i => seed is null
        ? PermutationKey.Generate()
        : PermutationKey.FromBytes(SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"PermutedSegmentation/v1/wrong-key/{seed}/{i}")))))];
}
