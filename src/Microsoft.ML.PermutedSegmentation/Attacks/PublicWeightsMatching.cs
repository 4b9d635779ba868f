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
        using FcnNetwork network = stolen.Copy();
        IReadOnlyDictionary<string, Tensor> state = network.State();
        var guess = new Dictionary<FeatureMaps, int[]>();
        foreach (FeatureMaps map in stolen.KeyedMaps)
        {
            string[] readers = [.. stolen.ReadersOf(map).Select(reader => $"{reader.Convolution}.weight")];
            // A public backbone has no classifier, and a classifier of other classes has other weights.
            if (!readers.All(name => known.TryGetValue(name, out Tensor? weights) && weights.shape.SequenceEqual(state[name].shape)))
                continue;
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Tensor similarity = Channels(state, readers).matmul(Channels(known, readers).t());
            int[] order = LiteralForm.ToOrder(similarity);
            // In basic blocks the readers of map 2 also undo the order that map 1 left on stage 1's residual stream.
            if (map == FeatureMaps.Stage1 && stolen.Description.Architecture.Block == ResidualBlock.Basic && guess.TryGetValue(FeatureMaps.Stem, out int[]? stem))
                order = Array.ConvertAll(order, channel => Array.IndexOf(stem, channel));
            guess[map] = order;
        }
        return guess;
    }

    // One row of length 1 for each input channel: all weights that read it.
    private static Tensor Channels(IReadOnlyDictionary<string, Tensor> state, string[] readers) => nn.functional.normalize(
        cat([.. readers.Select(name => state[name].detach().cpu().transpose(0, 1).flatten(1))], 1), dim: 1);
}
