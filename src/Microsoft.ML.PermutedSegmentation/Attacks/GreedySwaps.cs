using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Climbs from the order in the file: swaps two channels of a keyed order, and keeps the swap when the loss on labelled images falls.</summary>
internal static class GreedySwaps
{
    /// <param name="stolen">The model.</param>
    /// <param name="batch">Labelled images, used whole for each swap.</param>
    /// <param name="swaps">How many swaps are tried.</param>
    /// <param name="random">Which.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static Dictionary<PermutationPoint, int[]> Guess(StolenModel stolen, LabeledBatch batch, int swaps, Random random, CancellationToken cancellation)
    {
        using var literal = new LiteralForm(stolen);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        PermutationPoint[] points = [.. stolen.Points.Select(entry => entry.Point)];
        int shared = stolen.Description.FeatureMaps.LastUnchanged();
        Tensor lowest = literal.Run(batch.Images, 0, shared);
        Dictionary<PermutationPoint, int[]> orders = stolen.Points.ToDictionary(entry => entry.Point, entry => Enumerable.Range(0, entry.Channels).ToArray());
        double loss = Loss();
        for (int i = 0; i < swaps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] order = orders[points[random.Next(points.Length)]];
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
            literal.Matrices = orders.ToDictionary(entry => entry.Key, entry => LiteralForm.ToMatrix(entry.Value, stolen.Device));
            Tensor scores = FcnNetwork.Upsample(literal.Run(lowest, shared, FcnNetwork.Scores), batch.Images.shape[2], batch.Images.shape[3]);
            return nn.functional.cross_entropy(scores, batch.Labels, ignore_index: ImageTensors.Void).ToDouble();
        }
    }
}
