namespace PublicTests.Walks;

/// <summary>One small unprotected model, trained once for several walks.</summary>
public sealed class SmallModel : IDisposable
{
    public SmallModel() => Transformer = MLContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 4)).Fit(ColorPatches.View(MLContext, 36));

    // On the CPU: a GPU's sums change from run to run.
    public MLContext MLContext { get; } = new(seed: 1) { GpuDeviceId = -1 };

    public PermutationKey Key { get; } = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(5 * i))]);

    public PermutedSegmentationTransformer Transformer { get; }

    public IDataView Data => ColorPatches.View(MLContext, 5, seed: 4);

    public void Dispose()
    {
        Transformer.Dispose();
        Key.Dispose();
    }
}
