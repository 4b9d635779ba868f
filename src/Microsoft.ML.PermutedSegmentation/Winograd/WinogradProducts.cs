using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>The 36 matrices that Winograd's filtering multiplies, [36, rows, columns], or makes.</summary>
internal sealed class WinogradProducts : IDisposable
{
    /// <summary>How many matrices there are.</summary>
    public const int Count = Side * Side;

    /// <summary>Elements along a side of the square that they are.</summary>
    public const int Side = WinogradTiles.Side + 2;

    // A row of elements is written to all the matrices at once. If they lay a power of two apart, the first-level cache would have one place for all.
    private const int Padding = 16;

    private readonly Tensor _memory;

    /// <summary>Matrices to be filled.</summary>
    public WinogradProducts(int rows, int columns)
    {
        (Rows, Columns, Next) = (rows, columns, rows * columns + Padding);
        _memory = empty(Count * Next).DetachFromDisposeScope();
        Matrices = _memory.as_strided([Count, rows, columns], [Next, columns, 1]).DetachFromDisposeScope();
    }

    private WinogradProducts(Tensor products)
    {
        (Rows, Columns, Next) = ((int)products.shape[1], (int)products.shape[2], (int)(products.shape[1] * products.shape[2]));
        _memory = Matrices = products.DetachFromDisposeScope();
    }

    /// <summary>[36, rows, columns]; rows follow each other in memory.</summary>
    public Tensor Matrices { get; }

    /// <summary>Rows of a matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of a matrix.</summary>
    public int Columns { get; }

    /// <summary>Elements in memory from one matrix to the next.</summary>
    public int Next { get; }

    /// <summary>All of the memory.</summary>
    public Span<byte> Bytes => _memory.bytes;

    /// <summary>The 36 products of these matrices with others that have as many rows as these have columns.</summary>
    public WinogradProducts Multiply(WinogradProducts other) => new(bmm(Matrices, other.Matrices));

    /// <inheritdoc/>
    public void Dispose()
    {
        Matrices.Dispose();
        _memory.Dispose();
    }
}
