using System.Runtime.CompilerServices;
using Microsoft.ML.PermutedSegmentation.Networks;

namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>
/// Turns the plain weights of a network into protected ones and back, tensor by tensor. A network with permuted feature maps and
/// protected weights computes exactly what the plain network computes.
/// </summary>
/// <remarks>It moves values and computes nothing. The permutations are as secret as the key: they stay in here.</remarks>
public sealed class WeightProtection
{
    private readonly Dictionary<string, TensorOrder> _orders = [];

    /// <param name="layout">The network.</param>
    /// <param name="permutations">For each permuted map its α (paper, Eq. 2), from 0.</param>
    /// <exception cref="ArgumentException">
    /// The network has no such map, or a value is not a permutation of the map's channels (which the message does not print).
    /// </exception>
    public WeightProtection(NetworkLayout layout, IReadOnlyDictionary<FeatureMaps, int[]> permutations)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(permutations);
        foreach ((Convolution convolution, int[]? read, int[]? written) in new ChannelOrders(layout, permutations).ToConvolutions())
        {
            int channels = convolution.Channels;
            foreach (NetworkParameter parameter in NetworkParameter.Of(convolution))
                _orders[parameter.Name] = new TensorOrder(channels, written, parameter.Role == ParameterRole.Weight ? read : null);
            // Batch norm that is folded into the convolution leaves a bias behind.
            _orders[$"{convolution.Name}.bias"] = new TensorOrder(channels, written, null);
        }
    }

    /// <summary>Whether the permutations change a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    public bool Changes(string name) => _orders.TryGetValue(name, out TensorOrder order) && (order.Written ?? order.Read) is not null;

    /// <summary>The protected form of a plain tensor.</summary>
    /// <param name="name">The tensor's name in the network's state; <c>{convolution}.bias</c> also where batch norm was folded into it.</param>
    /// <param name="plain">Its values, in the order of its shape.</param>
    /// <param name="result">As many values, to be filled.</param>
    public void Protect<T>(string name, ReadOnlySpan<T> plain, Span<T> result) where T : unmanaged => Apply(name, plain, result, undo: false);

    /// <summary>The plain form of a protected tensor.</summary>
    /// <param name="name">The tensor's name, as for <see cref="Protect"/>.</param>
    /// <param name="stored">Its values, in the order of its shape.</param>
    /// <param name="result">As many values, to be filled.</param>
    public void Unprotect<T>(string name, ReadOnlySpan<T> stored, Span<T> result) where T : unmanaged => Apply(name, stored, result, undo: true);

    private void Apply<T>(string name, ReadOnlySpan<T> values, Span<T> result, bool undo) where T : unmanaged
    {
        if (values.Length != result.Length)
            throw new ArgumentException($"There are {values.Length} values of '{name}', but room for {result.Length}.", nameof(result));
        if (!Changes(name))
        {
            values.CopyTo(result);
            return;
        }
        TensorOrder order = _orders[name];
        int size = values.Length / order.Channels;
        for (int i = 0; i < order.Channels; i++)
        {
            (int from, int to) = Places(order.Written, i, undo);
            ReadOnlySpan<T> channel = values.Slice(from * size, size);
            Span<T> place = result.Slice(to * size, size);
            if (order.Read is null)
                channel.CopyTo(place);
            else
                Reorder(channel, place, order.Read, undo);
        }
    }

    // A ResNet-50 has millions of these values: most models are unlocked once, before .NET would compile this well by itself.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reorder<T>(ReadOnlySpan<T> values, Span<T> result, int[] order, bool undo) where T : unmanaged
    {
        int size = values.Length / order.Length;
        for (int i = 0; i < order.Length; i++)
        {
            (int from, int to) = Places(order, i, undo);
            if (size == 1)
                result[to] = values[from];
            else
                values.Slice(from * size, size).CopyTo(result.Slice(to * size, size));
        }
    }

    // Channel i of the permuted map is channel order[i] of the plain one.
    private static (int From, int To) Places(int[]? order, int i, bool undo) => order is null ? (i, i) : undo ? (i, order[i]) : (order[i], i);

    /// <summary>
    /// The orders along the two first dimensions of a tensor: what a convolution writes lies along the first, also of its bias and its
    /// batch norm, and what it reads along the second of its weights.
    /// </summary>
    private readonly record struct TensorOrder(int Channels, int[]? Written, int[]? Read);
}
