using System.Runtime.Intrinsics;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>What is done to one row of tiles, or to the kernels that read one channel, with vectors of one width.</summary>
internal abstract class WinogradRows
{
    /// <summary>Channels, and where a slice of them begins, are a multiple of this: what the widest vectors hold.</summary>
    public const int ChannelsTogether = 16;

    /// <summary>With the widest vectors that this processor works on at once.</summary>
    public static WinogradRows Widest { get; } =
        Vector512.IsHardwareAccelerated ? new WinogradVectorRows<Floats16>()
        : Vector256.IsHardwareAccelerated ? new WinogradVectorRows<Floats8>()
        : new WinogradVectorRows<Floats4>();

    /// <summary>B' d B of a row of tiles.</summary>
    public abstract void ReadInputs(TileRow row);

    /// <summary>A y A' of a row of tiles.</summary>
    public abstract void ReadOutputs(TileRow row);

    /// <summary>G g G' of the kernels that read one channel.</summary>
    /// <param name="weights">[3, 3, channels, outputs], in this order in memory.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="firstOutput">The first of the outputs whose kernels are read, as many as the products have columns.</param>
    /// <param name="products">[36, channels, outputs], of which one channel is written.</param>
    public abstract void ReadKernels(Tensor weights, int channel, int firstOutput, WinogradProducts products);

    /// <summary>A' p A of a row of tiles.</summary>
    /// <param name="row">What is read, and where to.</param>
    /// <param name="bias">Added to each pixel, [all channels of the map]; null: nothing.</param>
    /// <param name="relu">Whether 0 is written for what is negative.</param>
    public abstract void WriteOutputs(TileRow row, Tensor? bias, bool relu);
}
