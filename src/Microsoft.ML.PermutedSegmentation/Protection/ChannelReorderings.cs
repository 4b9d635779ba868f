namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>
/// Which parameters read which feature map, and so how each has to change for a network to compute the same from
/// permuted maps: the convolution w of map x becomes w'(:, i) = w(:, α_i), for which w' * x' = w * x.
/// </summary>
internal static class ChannelReorderings
{
    private const int Outputs = 0;
    private const int Inputs = 1;

    /// <summary>The re-orderings that some permutations of feature maps ask for, at most one per parameter and dimension.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="permutations">For each permuted map its α (paper, Eq. 2), from 0.</param>
    /// <exception cref="ArgumentException">
    /// A key is not a single map, or a value is not a permutation of that map's channels (which the message does not print).
    /// </exception>
    public static IReadOnlyList<ChannelReordering> For(
        FcnArchitecture architecture, IReadOnlyDictionary<FeatureMaps, int[]> permutations)
    {
        foreach (var (map, order) in permutations)
            CheckPermutation(map, order, architecture.ChannelsOf(map));

        var result = new List<ChannelReordering>();
        int[]? stage1 = Of(FeatureMaps.Stage1);
        if (Of(FeatureMaps.Stem) is { } stem)
        {
            if (architecture.Block == ResidualBlock.Bottleneck)
            {
                Reorder(Inputs, stem, "backbone.layer1.0.conv1.weight", "backbone.layer1.0.downsample.0.weight");
            }
            else
            {
                // The shortcuts of stage 1 are identities: what is added to a permuted map has to be in the same order,
                // and the stage's output arrives in that order at the readers of map 2.
                for (int i = 0; i < architecture.BlocksOf(1); i++)
                {
                    string block = $"backbone.layer1.{i}";
                    Reorder(Inputs, stem, $"{block}.conv1.weight");
                    Reorder(Outputs, stem, $"{block}.conv2.weight",
                        $"{block}.bn2.weight", $"{block}.bn2.bias", $"{block}.bn2.running_mean", $"{block}.bn2.running_var");
                }
                stage1 = stage1 is null ? stem : Array.ConvertAll(stage1, i => stem[i]);
            }
        }
        Reorder(Inputs, stage1, "backbone.layer2.0.conv1.weight", "backbone.layer2.0.downsample.0.weight");
        Reorder(Inputs, Of(FeatureMaps.Stage2), "backbone.layer3.0.conv1.weight", "backbone.layer3.0.downsample.0.weight");
        Reorder(Inputs, Of(FeatureMaps.Stage3), "backbone.layer4.0.conv1.weight", "backbone.layer4.0.downsample.0.weight");
        Reorder(Inputs, Of(FeatureMaps.Stage4), "classifier.0.weight");
        Reorder(Inputs, Of(FeatureMaps.Head), "classifier.4.weight");
        return result;

        int[]? Of(FeatureMaps map) => permutations.GetValueOrDefault(map);

        void Reorder(int dimension, int[]? order, params ReadOnlySpan<string> parameters)
        {
            foreach (string parameter in parameters)
            {
                if (order is not null)
                    result.Add(new ChannelReordering(parameter, dimension, order));
            }
        }
    }

    private static void CheckPermutation(FeatureMaps map, int[] order, int channels)
    {
        if (order.Length != channels)
            throw new ArgumentException($"The permutation of {map} has {order.Length} entries, but the map has {channels} channels.");
        var seen = new bool[channels];
        foreach (int channel in order)
        {
            if (channel < 0 || channel >= channels || seen[channel])
                throw new ArgumentException($"The order given for {map} is not a permutation: every channel must occur once.");
            seen[channel] = true;
        }
    }
}
