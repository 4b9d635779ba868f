using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>What a key does to one parameter: its channels along a dimension are put into another order.</summary>
/// <param name="Parameter">The parameter's or buffer's name in the network's state.</param>
/// <param name="Dimension">1 where the parameter reads the permuted channels, 0 where it writes them.</param>
/// <param name="Order">Channel i of the protected parameter is channel <c>Order[i]</c> of the plain one. As secret as the key.</param>
internal readonly record struct ChannelReordering(string Parameter, int Dimension, int[] Order)
{
    /// <summary>Plain weights to protected ones, as a new tensor.</summary>
    public Tensor Protect(Tensor plain) => Select(plain, Order);

    /// <summary>Protected weights back to plain ones, as a new tensor.</summary>
    public Tensor Unprotect(Tensor locked)
    {
        int[] inverse = new int[Order.Length];
        for (int i = 0; i < Order.Length; i++)
            inverse[Order[i]] = i;
        return Select(locked, inverse);
    }

    private Tensor Select(Tensor weights, int[] order)
    {
        using var index = tensor(order, dtype: ScalarType.Int64, device: weights.device);
        return weights.index_select(Dimension, index);
    }
}
