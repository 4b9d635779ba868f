using Microsoft.ML.PermutedSegmentation.Networks;

namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>
/// The order of the channels of each map of a network whose keyed maps are permuted: channel i of the permuted network's map is channel
/// <c>order[i]</c> of the plain one's.
/// </summary>
/// <remarks>
/// An order enters at a keyed map. Layers that keep channels apart pass it on; a convolution that mixes channels undoes it, with
/// re-ordered weights, w'(:, i) = w(:, order[i]). What is added or multiplied must be in one order: along identity shortcuts an order
/// travels with the residual stream, whose branches write in that order, until a convolution reads the stream.
/// </remarks>
internal sealed class ChannelOrders
{
    private readonly NetworkLayout _layout;

    // The first layer of those whose channels must be in the same order as a layer's.
    private readonly int[] _group;

    // By the first layer of a group; null for the plain order.
    private readonly int[]?[] _orders;

    /// <param name="layout">The network.</param>
    /// <param name="permutations">For each permuted map its α (paper, Eq. 2), from 0.</param>
    /// <exception cref="ArgumentException">
    /// The network has no such map, or a value is not a permutation of the map's channels (which the message does not print).
    /// </exception>
    public ChannelOrders(NetworkLayout layout, IReadOnlyDictionary<FeatureMaps, int[]> permutations)
    {
        foreach ((FeatureMaps map, int[] order) in permutations)
            CheckPermutation(map, order, layout.Find(map).Channels);
        _layout = layout;
        _group = FindGroups(layout);
        _orders = new int[layout.Layers.Count][];
        foreach (Layer layer in layout.Layers.Where(layer => _group[layer.Index] == layer.Index))
            _orders[layer.Index] = layer switch
            {
                KeyedMap keyed => Compose(Of(keyed.Inputs[0]), permutations.GetValueOrDefault(keyed.Map)),
                Concatenation => Concatenate(layer.Inputs),
                _ => null,
            };
    }

    /// <summary>The order of the channels that a layer makes; null for the plain one.</summary>
    public int[]? Of(Layer layer) => _orders[_group[layer.Index]];

    /// <summary>What the orders ask of the weights: for each convolution that changes, the order of what it reads and of what it writes.</summary>
    public IEnumerable<ConvolutionOrder> ToConvolutions() =>
        from convolution in _layout.Convolutions
        let read = convolution.IsDepthwise ? null : Of(convolution.Inputs[0])
        let written = Of(convolution)
        where read is not null || written is not null
        select new ConvolutionOrder(convolution, read, written);

    // x'[i] = x[first[i]], and x''[i] = x'[then[i]].
    private static int[]? Compose(int[]? first, int[]? then) =>
        first is null ? then : then is null ? first : Array.ConvertAll(then, i => first[i]);

    private int[]? Concatenate(IReadOnlyList<Layer> parts)
    {
        if (parts.All(part => Of(part) is null))
            return null;
        var order = new List<int>();
        foreach (Layer part in parts)
        {
            int start = order.Count;
            order.AddRange((Of(part) ?? Enumerable.Range(0, part.Channels)).Select(channel => start + channel));
        }
        return [.. order];
    }

    private static int[] FindGroups(NetworkLayout layout)
    {
        int[] group = new int[layout.Layers.Count];
        foreach (Layer layer in layout.Layers)
        {
            group[layer.Index] = layer.Index;
            foreach (Layer input in layer.Carried)
                Unite(group, layer.Index, input.Index);
        }
        // Only a convolution can be made to write in an order that is given.
        return layout.Layers.All(layer => layer is Convolution || layer.Carried.Count > 0 || group[layer.Index] == layer.Index)
            ? group
            : throw new ArgumentException("A map of this network would have to be in two orders at once.", nameof(layout));
    }

    // The group with the lower first layer takes the other in.
    private static void Unite(int[] group, int one, int other)
    {
        int first = Math.Min(group[one], group[other]), taken = Math.Max(group[one], group[other]);
        for (int i = 0; i < group.Length; i++)
        {
            if (group[i] == taken)
                group[i] = first;
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
