using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// Guesses permutations from public weights that a model was trained from: training changes each input channel of a reader by
/// little, so that the channel that it came from is the most similar one.
/// </summary>
internal static class PublicWeightsMatching
{
    public static Dictionary<FeatureMaps, int[]> Guess(StolenModel stolen, IReadOnlyDictionary<string, Tensor> known)
    {
        using TorchNetwork network = stolen.Copy();
        IReadOnlyDictionary<string, Tensor> state = network.State;
        var guess = new Dictionary<FeatureMaps, int[]>();
        foreach (FeatureMaps map in stolen.KeyedMaps)
        {
            string[] readers = [.. network.Layout.ReadersOf(map).Select(reader => $"{reader.Name}.weight")];
            // A public backbone has no classifier, and a classifier of other classes has other weights.
            if (!readers.All(name => known.TryGetValue(name, out Tensor? weights) && weights.shape.SequenceEqual(state[name].shape)))
                continue;
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Tensor similarity = Channels(state, readers).matmul(Channels(known, readers).t());
            int[] order = LiteralForm.ToOrder(similarity);
            // Readers also undo the order in which a residual stream arrives at the map.
            if (new ChannelOrders(network.Layout, guess).Of(network.Layout.Find(map).Inputs[0]) is { } before)
                order = Array.ConvertAll(order, channel => Array.IndexOf(before, channel));
            guess[map] = order;
        }
        return guess;
    }

    // One row of length 1 for each input channel: all weights that read it.
    private static Tensor Channels(IReadOnlyDictionary<string, Tensor> state, string[] readers) => nn.functional.normalize(
        cat([.. readers.Select(name => state[name].detach().cpu().transpose(0, 1).flatten(1))], 1), dim: 1);
}
