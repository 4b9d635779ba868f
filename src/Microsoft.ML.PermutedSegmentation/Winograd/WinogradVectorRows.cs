using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary><see cref="WinogradRows"/> with vectors of one width.</summary>
internal sealed partial class WinogradVectorRows<TVector> : WinogradRows
    where TVector : unmanaged, IFloatVector<TVector>
{
    private const int Side = WinogradProducts.Side, Products = WinogradProducts.Count;

    private static unsafe int Width => sizeof(TVector) / sizeof(float);

    /// <inheritdoc/>
    public override void ReadInputs(TileRow row) => Read<Inputs>(row);

    /// <inheritdoc/>
    public override void ReadOutputs(TileRow row) => Read<Outputs>(row);

    /// <inheritdoc/>
    public override void ReadKernels(Tensor weights, int channel, int firstOutput, WinogradProducts products)
    {
        int vectors = products.Columns / Width, all = (int)weights.shape[3] / Width, nextWeight = (int)weights.shape[2] * all, next = products.Next / Width;
        ReadOnlySpan<TVector> from = VectorsOf(weights.bytes)[(channel * all + firstOutput / Width)..];
        Span<TVector> to = VectorsOf(products.Bytes)[(channel * vectors)..];
        Span<TVector> square = stackalloc TVector[Products];
        for (int v = 0; v < vectors; v++)
        {
            for (int i = 0; i < Kernels.Side; i++)
            {
                for (int j = 0; j < Kernels.Side; j++)
                    square[i * Side + j] = from[(i * Kernels.Side + j) * nextWeight + v];
            }
            Transform<Kernels>(square);
            for (int i = 0; i < Products; i++)
                to[i * next + v] = square[i];
        }
    }

    /// <inheritdoc/>
    public override void WriteOutputs(TileRow row, Tensor? bias, bool relu)
    {
        const int side = WinogradTiles.Side;
        ReadOnlySpan<TVector> shifts = bias is null ? [] : VectorsOf(bias.bytes)[(row.FirstChannel / Width)..];
        float least = relu ? 0 : float.NegativeInfinity;
        int vectors = row.Products.Columns / Width, next = row.Products.Next / Width, all = (int)row.Map.shape[2] / Width;
        Span<TVector> map = VectorsOf(row.Map.bytes)[(row.FirstChannel / Width)..], products = VectorsOf(row.Products.Bytes);
        Span<int> pixels = stackalloc int[side * side];
        Span<TVector> square = stackalloc TVector[Products];
        for (int column = 0; column < row.Tiles.Columns; column++)
        {
            row.Tiles.Locate(row.Row, column, first: 0, side, pixels);
            int at = (row.Place + column) * vectors;
            for (int v = 0; v < vectors; v++)
            {
                for (int i = 0; i < Products; i++)
                    square[i] = products[at + i * next + v];
                for (int i = 0; i < Side; i++)
                    Outputs.TransformBack(square[i..], Side);
                for (int i = 0; i < side; i++)
                {
                    Outputs.TransformBack(square[(i * Side)..], 1);
                    for (int j = 0; j < side; j++)
                    {
                        if (pixels[i * side + j] is >= 0 and int pixel)
                            map[pixel * all + v] = TVector.AtLeast(least, shifts.IsEmpty ? square[i * Side + j] : square[i * Side + j] + shifts[v]);
                    }
                }
            }
        }
    }

    private static void Read<TMap>(TileRow row) where TMap : struct, ILineMap
    {
        int vectors = row.Products.Columns / Width, next = row.Products.Next / Width, all = (int)row.Map.shape[2] / Width;
        ReadOnlySpan<TVector> map = VectorsOf(row.Map.bytes)[(row.FirstChannel / Width)..];
        Span<TVector> products = VectorsOf(row.Products.Bytes);
        Span<int> pixels = stackalloc int[TMap.Side * TMap.Side];
        Span<TVector> square = stackalloc TVector[Products];
        for (int column = 0; column < row.Tiles.Columns; column++)
        {
            row.Tiles.Locate(row.Row, column, TMap.First, TMap.Side, pixels);
            int at = (row.Place + column) * vectors;
            for (int v = 0; v < vectors; v++)
            {
                for (int i = 0; i < TMap.Side; i++)
                {
                    for (int j = 0; j < TMap.Side; j++)
                        square[i * Side + j] = pixels[i * TMap.Side + j] is >= 0 and int pixel ? map[pixel * all + v] : default;
                }
                Transform<TMap>(square);
                for (int i = 0; i < Products; i++)
                    products[at + i * next + v] = square[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transform<TMap>(Span<TVector> square) where TMap : struct, ILineMap
    {
        for (int i = 0; i < TMap.Side; i++)
            TMap.Transform(square[i..], Side);
        for (int i = 0; i < Side; i++)
            TMap.Transform(square[(i * Side)..], 1);
    }

    private static Span<TVector> VectorsOf(Span<byte> values) => MemoryMarshal.Cast<byte, TVector>(values);
}
