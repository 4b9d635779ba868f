using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>Climbs from the order in the file: swaps two channels of a keyed map, and keeps the swap when the loss on labelled images falls.</summary>
internal static class GreedySwaps
{
    /// <param name="stolen">The model.</param>
    /// <param name="batch">Labelled images, used whole for each swap.</param>
    /// <param name="swaps">How many swaps are tried.</param>
    /// <param name="random">Which.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static Dictionary<FeatureMaps, int[]> Guess(StolenModel stolen, LabeledBatch batch, int swaps, Random random, CancellationToken cancellation)
    {
        using TorchNetwork network = stolen.Copy();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        FeatureMaps[] maps = [.. stolen.KeyedMaps];
        // Below the lowest keyed map nothing changes.
        using LiveMaps images = LiveMaps.Of(network.Layout, batch.Images), shared = network.Run(images, network.Layout.Find(maps[0]).Index);
        Dictionary<FeatureMaps, int[]> orders = maps.ToDictionary(
            map => map, map => Enumerable.Range(0, stolen.Description.Layout.Find(map).Channels).ToArray());
        double loss = Loss();
        for (int i = 0; i < swaps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] order = orders[maps[random.Next(maps.Length)]];
            int first = random.Next(order.Length), second = random.Next(order.Length);
            (order[first], order[second]) = (order[second], order[first]);
            double swapped = Loss();
            if (swapped < loss)
                loss = swapped;
            else
                (order[first], order[second]) = (order[second], order[first]);
        }
        return orders;

        double Loss()
        {
            using var inner = NewDisposeScope();
            Dictionary<FeatureMaps, Tensor> matrices = orders.ToDictionary(entry => entry.Key, entry => LiteralForm.ToMatrix(entry.Value, stolen.Device));
            Tensor map = LiteralForm.Run(network, shared, network.Layout.Layers.Count, matrices).Only;
            Tensor scores = LayoutRunner.Upsample(map, batch.Images.shape[2], batch.Images.shape[3]);
            return TensorLabels.Loss(scores, batch.Labels).Number();
        }
    }
}
