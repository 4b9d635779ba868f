namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Which points of a network some choice of feature maps permutes.</summary>
internal static class PermutationPoints
{
    /// <summary>The points, in the order of the network, each with its channels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are bits that stand for no map.</exception>
    public static IReadOnlyList<(PermutationPoint Point, int Channels)> For(FcnArchitecture architecture, FeatureMaps maps)
    {
        var result = new List<(PermutationPoint, int)>();
        IReadOnlyList<FeatureMaps> each = maps.Each();
        foreach (FeatureMaps map in FeatureMaps.All.Each())
        {
            if (each.Contains(map))
                result.Add((map, architecture.ChannelsOf(map)));
            // Map 1 is what stage 1 reads, and so on to map 4; behind map 5 is the head, whose convolutions read maps 5 and 6.
            if (maps.HasFlag(FeatureMaps.Inner) && map.Number() <= 4)
                result.AddRange(InnerConvolutions(architecture, stage: map.Number()).Select(inner => (PermutationPoint.InputOf(inner.Name), inner.Channels)));
        }
        return result;
    }

    private static IEnumerable<(string Name, int Channels)> InnerConvolutions(FcnArchitecture architecture, int stage)
    {
        bool isBottleneck = architecture.Block == ResidualBlock.Bottleneck;
        for (int i = 0; i < architecture.BlocksOf(stage); i++)
        {
            string block = $"backbone.layer{stage}.{i}";
            // A stage's first block reads a map. So do all blocks of a stage that hands it on by identity shortcuts.
            if (i > 0 && (isBottleneck || stage > 1))
                yield return ($"{block}.conv1", architecture.ChannelsOf((FeatureMaps)(1 << stage)));
            yield return ($"{block}.conv2", architecture.WidthOf(stage));
            if (isBottleneck)
                yield return ($"{block}.conv3", architecture.WidthOf(stage));
        }
    }
}
