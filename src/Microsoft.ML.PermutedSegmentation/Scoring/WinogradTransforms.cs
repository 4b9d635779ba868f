using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// The linear maps of Winograd's minimal filtering F(4x4, 3x3) (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
/// 2016, section 4.3): a tile of outputs is A' [(G g G') x (B' d B)] A, where g is the kernel, d the 6x6 inputs around the tile, and x
/// multiplies element by element. All tiles and channels together that is one matrix product for each of the 36 elements.
/// </summary>
/// <remarks>
/// Maps are arrays of one tensor an image, [H, W, channels]. Their rows of tiles are counted on from image to image. Channels, and where a
/// range of them begins, are a multiple of what a vector of the processor holds.
/// </remarks>
internal static class WinogradTransforms
{
    private const int Inputs = WinogradTiles.Side + 2, Products = Inputs * Inputs;

    private interface IReading
    {
        // The square that is read, as WinogradTiles has it.
        static abstract int First { get; }

        static abstract int Side { get; }

        // Side elements, one each step, to six.
        static abstract void Transform(Span<Vector<float>> x, int step);
    }

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
    public static Tensor OfInputs(WinogradTiles tiles, Tensor[] maps, (int First, int Count) rows, (int First, int Count) channels) =>
        Read<InputReading>(tiles, maps, rows, channels);

    /// <summary>A y A' of some rows of tiles y, for some channels, the transposed map of <see cref="ToOutputs"/>: [36, tiles, channels].</summary>
    public static Tensor OfOutputs(WinogradTiles tiles, Tensor[] maps, (int First, int Count) rows, (int First, int Count) channels) =>
        Read<OutputReading>(tiles, maps, rows, channels);

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
        int vectors = VectorsIn(products.shape[2]), all = VectorsIn(maps[0].shape[2]), first = VectorsIn(firstChannel);
        TorchThreads.For((int)products.shape[1] / tiles.Columns, row =>
        {
            (int map, int rowOfMap) = Math.DivRem(firstRow + row, tiles.Rows);
            WriteRow(Floats(products), bias is null ? [] : Floats(bias), least, vectors, row, tiles, rowOfMap, Floats(maps[map])[first..], all);
        });
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

    private static Tensor Read<TReading>(WinogradTiles tiles, Tensor[] maps, (int First, int Count) rows, (int First, int Count) channels)
        where TReading : IReading
    {
        Tensor read = empty(Products, rows.Count * tiles.Columns, channels.Count);
        int vectors = VectorsIn(channels.Count), all = VectorsIn(maps[0].shape[2]), first = VectorsIn(channels.First);
        TorchThreads.For(rows.Count, row =>
        {
            (int map, int rowOfMap) = Math.DivRem(rows.First + row, tiles.Rows);
            ReadRow<TReading>(tiles, rowOfMap, Floats(maps[map])[first..], all, row, vectors, Floats(read));
        });
        return read;
    }

    private static int VectorsIn(long channels) => (int)channels / Vector<float>.Count;

    private static Span<Vector<float>> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, Vector<float>>(tensor.bytes);

    // A row of the map's tiles becomes a row of what is read, of all their vectors of channels so many.
    private static void ReadRow<TReading>(
        WinogradTiles tiles, int row, ReadOnlySpan<Vector<float>> map, int all, int place, int vectors, Span<Vector<float>> read)
        where TReading : IReading
    {
        int side = TReading.Side, next = read.Length / Products;
        Span<int> pixels = stackalloc int[side * side];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < tiles.Columns; column++)
        {
            tiles.Locate(row, column, TReading.First, side, pixels);
            int at = (place * tiles.Columns + column) * vectors;
            for (int v = 0; v < vectors; v++)
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
                    read[at + i * next + v] = tile[i];
            }
        }
    }

    private static void WriteRow(
        ReadOnlySpan<Vector<float>> products, ReadOnlySpan<Vector<float>> bias, Vector<float> least, int vectors, int place, WinogradTiles tiles, int row,
        Span<Vector<float>> map, int all)
    {
        const int side = WinogradTiles.Side;
        int next = products.Length / Products;
        Span<int> pixels = stackalloc int[side * side];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < tiles.Columns; column++)
        {
            tiles.Locate(row, column, first: 0, side, pixels);
            int at = (place * tiles.Columns + column) * vectors;
            for (int v = 0; v < vectors; v++)
            {
                for (int i = 0; i < Products; i++)
                    tile[i] = products[at + i * next + v];
                for (int i = 0; i < Inputs; i++)
                    TransformToOutputs(tile[i..], Inputs);
                Vector<float> shift = bias.IsEmpty ? default : bias[v];
                for (int i = 0; i < side; i++)
                {
                    TransformToOutputs(tile[(i * Inputs)..], 1);
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

    // A': six elements to four.
    private static void TransformToOutputs(Span<Vector<float>> x, int step)
    {
        Vector<float> x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
        Vector<float> sum = x1 + x2, difference = x1 - x2, farSum = x3 + x4, farDifference = x3 - x4;
        x[0] = x0 + sum + farSum;
        x[step] = difference + 2 * farDifference;
        x[2 * step] = sum + 4 * farSum;
        x[3 * step] = difference + 8 * farDifference + x5;
    }

    // A: four elements to six.
    private readonly struct OutputReading : IReading
    {
        public static int First => 0;

        public static int Side => WinogradTiles.Side;

        public static void Transform(Span<Vector<float>> x, int step)
        {
            Vector<float> x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step];
            Vector<float> even = x0 + x2, odd = x1 + x3, farEven = x0 + 4 * x2, farOdd = 2 * (x1 + 4 * x3);
            x[step] = even + odd;
            x[2 * step] = even - odd;
            x[3 * step] = farEven + farOdd;
            x[4 * step] = farEven - farOdd;
            x[5 * step] = x3;
        }
    }

    // B': six elements to six.
    private readonly struct InputReading : IReading
    {
        public static int First => -1;

        public static int Side => Inputs;

        public static void Transform(Span<Vector<float>> x, int step)
        {
            Vector<float> x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
            Vector<float> even = x4 - 4 * x2, odd = x3 - 4 * x1, nearEven = x4 - x2, nearOdd = 2 * (x3 - x1);
            x[0] = 4 * x0 - 5 * x2 + x4;
            x[step] = even + odd;
            x[2 * step] = even - odd;
            x[3 * step] = nearEven + nearOdd;
            x[4 * step] = nearEven - nearOdd;
            x[5 * step] = 4 * x1 - 5 * x3 + x5;
        }
    }
}
