using System.Numerics;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>How a square of a map around a tile becomes 6x6 elements: the same map of one line, along columns and then along rows.</summary>
internal interface IWinogradReading
{
    /// <summary>Where the square begins, as <see cref="WinogradTiles.Locate"/> has it.</summary>
    static abstract int First { get; }

    /// <summary>Pixels along a side of the square.</summary>
    static abstract int Side { get; }

    /// <summary>A line of elements, one each step, to six.</summary>
    static abstract void Transform(Span<Vector<float>> x, int step);
}

/// <summary>B': the six inputs around a tile to six.</summary>
internal readonly struct WinogradInputs : IWinogradReading
{
    /// <inheritdoc/>
    public static int First => -1;

    /// <inheritdoc/>
    public static int Side => WinogradTiles.Side + 2;

    /// <inheritdoc/>
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

/// <summary>A: the four outputs of a tile, whose gradients these are, to six.</summary>
internal readonly struct WinogradOutputs : IWinogradReading
{
    /// <inheritdoc/>
    public static int First => 0;

    /// <inheritdoc/>
    public static int Side => WinogradTiles.Side;

    /// <inheritdoc/>
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

    /// <summary>A', the transposed map: six elements to four.</summary>
    public static void TransformBack(Span<Vector<float>> x, int step)
    {
        Vector<float> x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
        Vector<float> sum = x1 + x2, difference = x1 - x2, farSum = x3 + x4, farDifference = x3 - x4;
        x[0] = x0 + sum + farSum;
        x[step] = difference + 2 * farDifference;
        x[2 * step] = sum + 4 * farSum;
        x[3 * step] = difference + 8 * farDifference + x5;
    }
}
