using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>
/// Scores the same images with one model under many keys. All layers below the lowest keyed map compute the same for every
/// key, so they run once for each image, and only the rest once for each key.
/// </summary>
internal sealed class KeySweep
{
    private const int KeysPerCollection = 4;
    private const int BatchSize = 8;

    // Maps of this many images are kept while key after key is applied to them.
    private const long LargestMaps = 512L << 20;

    private readonly SegmentationModel _model;
    private readonly Device _device;
    private readonly int _firstReader;

    /// <param name="model">A protected model; its own state of protection does not matter.</param>
    /// <param name="device">Where its network is.</param>
    public KeySweep(SegmentationModel model, Device device)
    {
        (_model, _device) = (model, device);
        _firstReader = model.Description.Layout.Find(model.Description.FeatureMaps.Each()[0]).Index + 1;
    }

    /// <summary>The metrics under each key.</summary>
    /// <param name="data">Rows with an image and a mask.</param>
    /// <param name="labelColumnName">The column of masks.</param>
    /// <param name="keys">The keys, right or wrong; null runs the protected weights as they are.</param>
    /// <param name="cancellation">Ends the sweep with an <see cref="OperationCanceledException"/>.</param>
    /// <param name="progress">Is told how many images have been scored so far, each counted once for each key.</param>
    public SegmentationMetrics[] Run(
        IDataView data, string labelColumnName, IReadOnlyList<PermutationKey?> keys, CancellationToken cancellation, IProgress<long>? progress = null)
    {
        long scored = 0;
        void Report(int images) => progress?.Report(scored += images);
        SegmentationEvaluator[] evaluators = [.. keys.Select(_ => new SegmentationEvaluator(_model.Description.ClassNames))];
        var group = new List<(LiveMaps Maps, List<byte[]> Truths)>();
        long size = 0;
        try
        {
            foreach ((LiveMaps maps, List<byte[]> truth) in SharedMaps(data, labelColumnName))
            {
                cancellation.ThrowIfCancellationRequested();
                group.Add((maps, truth));
                size += maps.NumberOfElements * sizeof(float);
                if (size < LargestMaps)
                    continue;
                Apply(group, keys, evaluators, Report, cancellation);
                Clear(group);
                size = 0;
            }
            Apply(group, keys, evaluators, Report, cancellation);
            return [.. evaluators.Select(evaluator => evaluator.ToMetrics())];
        }
        finally
        {
            Clear(group);
        }
    }

    private void Apply(
        List<(LiveMaps Maps, List<byte[]> Truths)> group, IReadOnlyList<PermutationKey?> keys, IReadOnlyList<SegmentationEvaluator> evaluators,
        Action<int> report, CancellationToken cancellation)
    {
        for (int k = 0; k < keys.Count; k++)
        {
            using SegmentationModel underKey = _model.With(keys[k]);
            using ScoringNetwork network = ScoringNetworkOf(underKey, _firstReader, null);
            foreach ((LiveMaps maps, List<byte[]> truths) in group)
            {
                cancellation.ThrowIfCancellationRequested();
                evaluators[k].AddImages(truths, LabelsOf(network, maps));
                report(truths.Count);
            }
            // Of each key some megabytes are left to the garbage collector, which may not come for a long time, and is slow to call.
            if (k % KeysPerCollection == 0)
                NativeHeap.Trim();
        }
    }

    private byte[] LabelsOf(ScoringNetwork network, LiveMaps maps)
    {
        using var scope = NewDisposeScope();
        Tensor scores = network.Score(maps);
        return TensorLabels.Upsample(scores, _model.Description.ImageHeight, _model.Description.ImageWidth);
    }

    // The lowest keyed map of each batch of images, with their true masks at the model's size.
    private IEnumerable<(LiveMaps Maps, List<byte[]> Truths)> SharedMaps(IDataView data, string labelColumnName)
    {
        int workers = _model.Running.InputWorkers ?? InputWorkers.Beside(_device), ahead = BatchSize + workers;
        using var rows = new SweepRows(_model, data, labelColumnName, _device, BatchSize, ahead, workers);
        using ScoringNetwork network = ScoringNetworkOf(_model, 0, _firstReader);
        var truths = new List<byte[]>();
        Tensor? last = null;
        foreach ((Tensor batch, byte[] truth) in OrderedWorkers.Run(rows.Numbers(), workers, ahead, rows.Read))
        {
            truths.Add(truth);
            if (truths.Count == BatchSize)
            {
                yield return (RunShared(network, batch), truths);
                truths = [];
            }
            last = batch;
        }
        if (truths.Count > 0)
        {
            using Tensor rest = last!.narrow(0, 0, truths.Count);
            yield return (RunShared(network, rest), truths);
        }
    }

    // It has weights of its own.
    private static ScoringNetwork ScoringNetworkOf(SegmentationModel model, int start, int? end)
    {
        using var use = model.Use();
        return new ScoringNetwork(use.Value.Network, model.Description.ImageHeight, model.Description.ImageWidth, start, end, model.Running.Precision);
    }

    private LiveMaps RunShared(ScoringNetwork network, Tensor images)
    {
        using var scope = NewDisposeScope();
        using LiveMaps start = LiveMaps.Of(network.Layout, images);
        return network.RunInParts(start, _firstReader).Detach();
    }

    private static void Clear(List<(LiveMaps Maps, List<byte[]> Truths)> group)
    {
        foreach ((LiveMaps maps, _) in group)
            maps.Dispose();
        group.Clear();
    }
}
