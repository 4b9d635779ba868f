using System.Numerics;
using System.Runtime.InteropServices;
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
/// slice of them begins, are a multiple of what a vector of the processor holds.
/// </remarks>
internal static class WinogradTransforms
{
    private const int Inputs = WinogradTiles.Side + 2, Products = Inputs * Inputs;

    /// <summary>G g G': [outputs, channels, 3, 3] to [36, channels, outputs].</summary>
    public static Tensor OfWeights(Tensor weights)
    {
        using var scope = NewDisposeScope();
        Tensor products = KernelTransform().matmul(weights.reshape(-1, 9).t());
        return products.reshape(Products, weights.shape[0], weights.shape[1]).transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>G' p G, the transposed map of <see cref="OfWeights"/>: [36, outputs, channels] to [outputs, channels, 3, 3].</summary>
    public static Tensor ToWeights(Tensor products)
    {
        using var scope = NewDisposeScope();
        Tensor weights = KernelTransform().t().matmul(products.reshape(Products, -1));
        return weights.t().reshape(products.shape[1], products.shape[2], 3, 3).MoveToOuterDisposeScope();
    }

    /// <summary>B' d B of some rows of tiles, for some channels: [36, tiles, channels].</summary>
    public static Tensor OfInputs(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels) => Read<WinogradInputs>(tiles, maps, rows, channels);

    /// <summary>A y A' of some rows of tiles y, for some channels, the transposed map of <see cref="ToOutputs"/>: [36, tiles, channels].</summary>
    public static Tensor OfOutputs(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels) => Read<WinogradOutputs>(tiles, maps, rows, channels);

    /// <summary>A' p A of some rows of tiles, into some channels of the maps.</summary>
    /// <param name="products">[36, tiles, channels].</param>
    /// <param name="bias">Added to each pixel, [channels].</param>
    /// <param name="relu">Whether 0 is written for what is negative.</param>
    /// <param name="tiles">The maps' tiles.</param>
    /// <param name="maps">What is written.</param>
    /// <param name="firstRow">The first row of tiles.</param>
    /// <param name="firstChannel">The first of the maps' channels.</param>
    public static void ToOutputs(Tensor products, Tensor? bias, bool relu, WinogradTiles tiles, Tensor[] maps, int firstRow, int firstChannel = 0)
    {
        var least = new Vector<float>(relu ? 0 : float.NegativeInfinity);
        TorchThreads.For((int)products.shape[1] / tiles.Columns, row =>
            WriteRow(new TileRow(tiles, maps, firstRow + row, firstChannel, products, row), bias is null ? [] : VectorsOf(bias), least));
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

    private static Tensor Read<TReading>(WinogradTiles tiles, Tensor[] maps, Slice rows, Slice channels)
        where TReading : struct, IWinogradReading
    {
        Tensor products = empty(Products, rows.Count * tiles.Columns, channels.Count);
        TorchThreads.For(rows.Count, row => ReadRow<TReading>(new TileRow(tiles, maps, rows.First + row, channels.First, products, row)));
        return products;
    }

    private static Span<Vector<float>> VectorsOf(Tensor tensor) => MemoryMarshal.Cast<byte, Vector<float>>(tensor.bytes);

    private static void ReadRow<TReading>(TileRow row)
        where TReading : struct, IWinogradReading
    {
        int side = TReading.Side, all = row.VectorsOfPixel, next = row.NextProduct;
        Span<Vector<float>> map = row.Map, products = row.Products;
        Span<int> pixels = stackalloc int[side * side];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < row.Tiles.Columns; column++)
        {
            row.Tiles.Locate(row.Row, column, TReading.First, side, pixels);
            int at = row.PlaceOf(column);
            for (int v = 0; v < row.Vectors; v++)
            {
                for (int i = 0; i < side; i++)
                {
                    for (int j = 0; j < side; j++)
                        tile[i * Inputs + j] = pixels[i * side + j] is >= 0 and int pixel ? map[pixel * all + v] : default;
                }
                for (int i = 0; i < side; i++)
                    TReading.Transform(tile[i..], Inputs);
                for (int i = 0; i < Inputs; i++)
                    TReading.Transform(tile[(i * Inputs)..], 1);
                for (int i = 0; i < Products; i++)
                    products[at + i * next + v] = tile[i];
            }
        }
    }

    private static void WriteRow(TileRow row, ReadOnlySpan<Vector<float>> bias, Vector<float> least)
    {
        const int side = WinogradTiles.Side;
        int all = row.VectorsOfPixel, next = row.NextProduct;
        Span<Vector<float>> map = row.Map, products = row.Products;
        Span<int> pixels = stackalloc int[side * side];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < row.Tiles.Columns; column++)
        {
            row.Tiles.Locate(row.Row, column, first: 0, side, pixels);
            int at = row.PlaceOf(column);
            for (int v = 0; v < row.Vectors; v++)
            {
                for (int i = 0; i < Products; i++)
                    tile[i] = products[at + i * next + v];
                for (int i = 0; i < Inputs; i++)
                    WinogradOutputs.TransformBack(tile[i..], Inputs);
                Vector<float> shift = bias.IsEmpty ? default : bias[v];
                for (int i = 0; i < side; i++)
                {
                    WinogradOutputs.TransformBack(tile[(i * Inputs)..], 1);
                    for (int j = 0; j < side; j++)
                    {
                        // In this order: x86 gives the second where one is not a number, and that must stay one.
                        if (pixels[i * side + j] is >= 0 and int pixel)
                            map[pixel * all + v] = Vector.MaxNative(least, tile[i * Inputs + j] + shift);
                    }
                }
            }
        }
    }

    // A row of one map's tiles, and their place among the products. Channels are counted in vectors.
    private readonly ref struct TileRow
    {
        private readonly int _place;

        public TileRow(WinogradTiles tiles, Tensor[] maps, int row, int firstChannel, Tensor products, int place)
        {
            (int map, Row) = Math.DivRem(row, tiles.Rows);
            (Tiles, _place) = (tiles, place);
            Vectors = (int)products.shape[2] / Vector<float>.Count;
            VectorsOfPixel = (int)maps[map].shape[2] / Vector<float>.Count;
            Map = VectorsOf(maps[map])[(firstChannel / Vector<float>.Count)..];
            Products = VectorsOf(products);
        }

        public WinogradTiles Tiles { get; }

        // Of the map's rows of tiles.
        public int Row { get; }

        // All of the map from the first channel on; and how many vectors a pixel has there, of which only the first ones are meant.
        public Span<Vector<float>> Map { get; }

        public int VectorsOfPixel { get; }

        public int Vectors { get; }

        public Span<Vector<float>> Products { get; }

        // From one of the 36 products of a tile to the next.
        public int NextProduct => Products.Length / WinogradTransforms.Products;

        public int PlaceOf(int column) => (_place * Tiles.Columns + column) * Vectors;
    }
}
