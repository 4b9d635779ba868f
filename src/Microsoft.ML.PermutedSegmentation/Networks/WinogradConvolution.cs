using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A 3x3 convolution of stride 1 with fewer multiplications, by Winograd's minimal filtering F(4x4, 3x3) (A. Lavin and S. Gray, Fast
/// Algorithms for Convolutional Neural Networks, 2016, section 4): 16 neighbouring outputs of a channel come from 36 products
/// per channel read, not from 144. The same result up to rounding, for four times the memory of the weights.
/// </summary>
/// <remarks>A dilated convolution is a plain one on each of the dilation x dilation images that every so many rows and columns make.</remarks>
internal sealed class WinogradConvolution : IDisposable
{
    // Outputs and inputs of a tile, along one side.
    private const int Outputs = 4, Inputs = 6, Products = Inputs * Inputs;

    // With fewer channels or a smaller map libtorch's own convolution is as fast, as it is where tiles reach far beyond the map.
    private const int LeastChannels = 128, LeastPixels = 128;
    private const double MostCoverage = 1.5;

    // How many tiles are in memory at once, with 36 values for each 16 of the map: the product of so many is as fast as that of all.
    private const int TilesAtOnce = 128;

    private readonly Tensor _weights, _bias;
    private readonly int _channels, _outputChannels, _dilation;

    /// <summary>Copies the weights.</summary>
    /// <param name="weights">[outputs, channels, 3, 3], on the CPU.</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads; the padding is as wide.</param>
    public WinogradConvolution(Tensor weights, Tensor bias, long dilation)
    {
        using var scope = NewDisposeScope();
        (_outputChannels, _channels, _dilation) = ((int)weights.shape[0], (int)weights.shape[1], (int)dilation);
        Tensor kernel = tensor(new[,]
        {
            { 1 / 4f, 0, 0 },
            { -1 / 6f, -1 / 6f, -1 / 6f },
            { -1 / 6f, 1 / 6f, -1 / 6f },
            { 1 / 24f, 1 / 12f, 1 / 6f },
            { 1 / 24f, -1 / 12f, 1 / 6f },
            { 0, 0, 1 },
        });
        Tensor taps = weights.reshape(-1, 9).t();
        _weights = kron(kernel, kernel).matmul(taps).reshape(Products, _outputChannels, _channels).transpose(1, 2).DetachFromDisposeScope();
        _bias = bias.clone().DetachFromDisposeScope();
    }

    /// <summary>Whether a convolution can be computed in this way, and whether it gets faster.</summary>
    /// <param name="weights">[outputs, channels, kernel height, kernel width].</param>
    /// <param name="stride">Distance of the places where the kernel is put.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    /// <param name="height">Height of the map that is read.</param>
    /// <param name="width">Width of the map that is read.</param>
    public static bool Suits(Tensor weights, long stride, long dilation, int height, int width)
    {
        if (stride != 1 || weights.device_type != TorchSharp.DeviceType.CPU || weights.shape is not [var outputs, var channels, 3, 3])
            return false;
        var tiles = new Tiles(height, width, (int)dilation);
        double pixels = (double)height * width, covered = (double)Outputs * Outputs * tiles.Rows * tiles.Columns;
        return IsManyVectors(outputs) && IsManyVectors(channels) && pixels >= LeastPixels && covered <= MostCoverage * pixels;
    }

    /// <summary>From [N, channels, H, W], channels last in memory, to [N, outputs, H, W], likewise.</summary>
    public Tensor Run(Tensor x)
    {
        using var scope = NewDisposeScope();
        int height = (int)x.shape[2], width = (int)x.shape[3];
        Tensor output = empty(x.shape[0], height, width, _outputChannels);
        Tensor[] from = x.permute(0, 2, 3, 1).contiguous().unbind(), to = output.unbind();
        var tiles = new Tiles(height, width, _dilation);
        int rows = from.Length * tiles.Rows, rowsAtOnce = Math.Max(1, TilesAtOnce / tiles.Columns);
        for (int row = 0; row < rows; row += rowsAtOnce)
            Run(tiles, row, Math.Min(rowsAtOnce, rows - row), from, to);
        return output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }

    private static bool IsManyVectors(long channels) => channels >= LeastChannels && channels % Vector<float>.Count == 0;

    private static Span<Vector<float>> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, Vector<float>>(tensor.bytes);

    // Some rows of tiles, those of all images being counted on. Each image is [H, W, channels] and [H, W, outputs].
    private void Run(Tiles tiles, int first, int rows, Tensor[] from, Tensor[] to)
    {
        var threads = new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() };
        using Tensor read = empty(Products, rows * tiles.Columns, _channels);
        Parallel.For(0, rows, threads, row => ReadRow(tiles, (first + row) % tiles.Rows, row, Floats(from[(first + row) / tiles.Rows]), Floats(read)));
        using Tensor products = bmm(read, _weights);
        Parallel.For(0, rows, threads, row => WriteRow(tiles, (first + row) % tiles.Rows, row, Floats(products), Floats(to[(first + row) / tiles.Rows])));
    }

    private void ReadRow(Tiles tiles, int row, int place, ReadOnlySpan<Vector<float>> image, Span<Vector<float>> read)
    {
        int vectors = _channels / Vector<float>.Count, next = read.Length / Products;
        Span<int> places = stackalloc int[Products];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < tiles.Columns; column++)
        {
            tiles.Locate(row, column, first: -1, places, Inputs);
            int at = (place * tiles.Columns + column) * vectors;
            for (int v = 0; v < vectors; v++)
            {
                for (int i = 0; i < Products; i++)
                    tile[i] = places[i] < 0 ? default : image[places[i] * vectors + v];
                for (int i = 0; i < Inputs; i++)
                    TransformInputs(tile[i..], Inputs);
                for (int i = 0; i < Inputs; i++)
                    TransformInputs(tile[(i * Inputs)..], 1);
                for (int i = 0; i < Products; i++)
                    read[at + i * next + v] = tile[i];
            }
        }
    }

    private void WriteRow(Tiles tiles, int row, int place, ReadOnlySpan<Vector<float>> products, Span<Vector<float>> image)
    {
        int vectors = _outputChannels / Vector<float>.Count, next = products.Length / Products;
        ReadOnlySpan<Vector<float>> bias = Floats(_bias);
        Span<int> places = stackalloc int[Outputs * Outputs];
        Span<Vector<float>> tile = stackalloc Vector<float>[Products];
        for (int column = 0; column < tiles.Columns; column++)
        {
            tiles.Locate(row, column, first: 0, places, Outputs);
            int at = (place * tiles.Columns + column) * vectors;
            for (int v = 0; v < vectors; v++)
            {
                for (int i = 0; i < Products; i++)
                    tile[i] = products[at + i * next + v];
                for (int i = 0; i < Inputs; i++)
                    TransformOutputs(tile[i..], Inputs);
                for (int i = 0; i < Outputs; i++)
                {
                    TransformOutputs(tile[(i * Inputs)..], 1);
                    for (int j = 0; j < Outputs; j++)
                    {
                        if (places[i * Outputs + j] is >= 0 and int pixel)
                            image[pixel * vectors + v] = tile[i * Inputs + j] + bias[v];
                    }
                }
            }
        }
    }

    private static void TransformInputs(Span<Vector<float>> x, int step)
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

    private static void TransformOutputs(Span<Vector<float>> x, int step)
    {
        Vector<float> x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
        Vector<float> sum = x1 + x2, difference = x1 - x2, farSum = x3 + x4, farDifference = x3 - x4;
        x[0] = x0 + sum + farSum;
        x[step] = difference + 2 * farDifference;
        x[2 * step] = sum + 4 * farSum;
        x[3 * step] = difference + 8 * farDifference + x5;
    }

    /// <summary>The tiles of 4x4 outputs that an image is cut into; of dilated ones each takes every so many rows and columns.</summary>
    private readonly record struct Tiles(int Height, int Width, int Dilation)
    {
        public int Rows => Dilation * CountAlong(Height);

        public int Columns => Dilation * CountAlong(Width);

        /// <summary>The pixels of a tile, -1 where it is outside of the image.</summary>
        public void Locate(int row, int column, int first, Span<int> places, int side)
        {
            for (int i = 0; i < side; i++)
            {
                int y = At(row, first + i, Height);
                for (int j = 0; j < side; j++)
                {
                    int x = At(column, first + j, Width);
                    places[i * side + j] = y < 0 || x < 0 ? -1 : y * Width + x;
                }
            }
        }

        private int At(int tile, int offset, int size)
        {
            int at = tile % Dilation + Dilation * (tile / Dilation * Outputs + offset);
            return at < size ? at : -1;
        }

        private int CountAlong(int size) => (size + Dilation * Outputs - 1) / (Dilation * Outputs);
    }
}
