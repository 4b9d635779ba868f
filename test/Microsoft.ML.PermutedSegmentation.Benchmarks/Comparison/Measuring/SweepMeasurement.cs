using System.Diagnostics;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>EvaluateAccessControl with a number of wrong keys, of a model of which map 6 is keyed (variant "head") or all six.</summary>
internal static class SweepMeasurement
{
    public static Dictionary<string, double> Run(Workload workload)
    {
        MLContext mlContext = Materials.Context(workload);
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        using var plain = new PermutedSegmentationTransformer(
            mlContext, RandomModel.Create(workload.Backbone, workload.OutputStride, workload.Size, workload.Classes, FeatureMaps.None));
        FeatureMaps maps = workload.Variant == "head" ? FeatureMaps.Head : FeatureMaps.All;
        using var model = (IDisposable)mlContext.Segmentation().Protect(plain, key, maps);
        IDataView rows = TrainingMeasurement.Rows(mlContext, workload, workload.Images);

        mlContext.Segmentation().EvaluateAccessControl((ITransformer)model, rows, key, wrongKeyCount: 1);
        var clock = Stopwatch.StartNew();
        mlContext.Segmentation().EvaluateAccessControl((ITransformer)model, rows, key, workload.Keys);
        return new() { ["seconds"] = clock.Elapsed.TotalSeconds };
    }
}
