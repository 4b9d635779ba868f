using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>
/// The linear maps of Winograd's minimal filtering F(4x4, 3x3) (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
/// 2016, section 4.3): a tile of outputs is A' [(G g G') x (B' d B)] A, where g is the kernel, d the 6x6 inputs around the tile, and x
/// multiplies element by element. All tiles and channels together that is one matrix product for each of the 36 elements.
/// </summary>
/// <remarks>
/// Maps are arrays of one tensor an image, [H, W, channels]. Their rows of tiles are counted on from image to image. Channels, and where a
/// slice of them begins, are a multiple of <see cref="WinogradRows.ChannelsTogether"/>.
/// </remarks>
internal static class WinogradTransforms
{
    /// <summary>The order in memory that kernels are read in: [outputs, channels, 3, 3] to [3, 3, channels, outputs].</summary>
    public static Tensor InOrder(Tensor weights)
    {
        using Tensor byPlace = weights.permute(2, 3, 1, 0);
        return byPlace.contiguous();
    }

    /// <summary>
    /// G g G' of the kernels of some outputs: [36, channels, outputs], in which order few tiles are multiplied faster than by the transposed matrices.
    /// </summary>
    /// <param name="weights">[3, 3, channels, outputs], in this order in memory.</param>
    /// <param name="outputs">The outputs.</param>
    public static WinogradProducts OfKernels(Tensor weights, Slice outputs)
    {
        var products = new WinogradProducts((int)weights.shape[2], outputs.Count);
        TorchThreads.For(products.Rows, channel => WinogradRows.Widest.ReadKernels(weights, channel, outputs.First, products));
        return products;
    }

    /// <summary>G' p G, the transposed map of G g G': [36, outputs, channels] to [outputs, channels, 3, 3].</summary>
    public static Tensor ToWeights(Tensor products)
    {
        using var scope = NewDisposeScope();
        Tensor weights = KernelTransform().t().matmul(products.reshape(WinogradProducts.Count, -1));
        return weights.t().reshape(products.shape[1], products.shape[2], 3, 3).MoveToOuterDisposeScope();
    }

    /// <summary>B' d B of some rows of tiles, for some channels: [36, tiles, channels].</summary>
    public static WinogradProducts OfInputs(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels) =>
        Read(tiles, maps, rows, channels, WinogradRows.Widest.ReadInputs);

    /// <summary>A y A' of some rows of tiles y, for some channels, the transposed map of <see cref="ToOutputs"/>: [36, tiles, channels].</summary>
    public static WinogradProducts OfOutputs(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels) =>
        Read(tiles, maps, rows, channels, WinogradRows.Widest.ReadOutputs);

    /// <summary>A' p A of some rows of tiles, into some channels of the maps.</summary>
    /// <param name="products">[36, tiles, channels].</param>
    /// <param name="bias">Added to each pixel, [all channels of the maps]; null: nothing.</param>
    /// <param name="relu">Whether 0 is written for what is negative.</param>
    /// <param name="tiles">The maps' tiles.</param>
    /// <param name="maps">What is written.</param>
    /// <param name="firstRow">The first row of tiles.</param>
    /// <param name="firstChannel">The first of the maps' channels.</param>
    public static void ToOutputs(WinogradProducts products, Tensor? bias, bool relu, WinogradTiles tiles, Tensor[] maps, int firstRow, int firstChannel) =>
        TorchThreads.For(products.Rows / tiles.Columns, row =>
            WinogradRows.Widest.WriteOutputs(TileRow.Of(tiles, maps, firstRow + row, firstChannel, products, row), bias, relu));

    private static WinogradProducts Read(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels, Action<TileRow> read)
    {
        var products = new WinogradProducts(rows.Count * tiles.Columns, channels.Count);
        TorchThreads.For(rows.Count, row => read(TileRow.Of(tiles, maps, rows.First + row, channels.First, products, row)));
        return products;
    }

    private static Tensor KernelTransform()
    {
        using Tensor one = tensor(new[,]
        {
            { 1 / 4f, 0, 0 },
            { -1 / 6f, -1 / 6f, -1 / 6f },
            { -1 / 6f, 1 / 6f, -1 / 6f },
            { 1 / 24f, 1 / 12f, 1 / 6f },
            { 1 / 24f, -1 / 12f, 1 / 6f },
            { 0, 0, 1 },
        });
        return kron(one, one);
    }
}
