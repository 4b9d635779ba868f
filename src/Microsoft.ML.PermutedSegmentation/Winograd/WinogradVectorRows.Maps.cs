using System.Runtime.CompilerServices;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

// The linear maps of one line of a square.
internal sealed partial class WinogradVectorRows<TVector>
{
    /// <summary>How a square becomes 6x6 elements: the same map of one line, along columns and then along rows.</summary>
    private interface ILineMap
    {
        /// <summary>Elements along a side of the square.</summary>
        static abstract int Side { get; }

        /// <summary>Where a square of a map begins, as <see cref="WinogradTiles.Locate"/> has it.</summary>
        static virtual int First => 0;

        /// <summary>A line of elements, one each step, to six.</summary>
        static abstract void Transform(Span<TVector> x, int step);
    }

    /// <summary>B': the six inputs around a tile to six.</summary>
    private readonly struct Inputs : ILineMap
    {
        public static int First => -1;

        public static int Side => WinogradTiles.Side + 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transform(Span<TVector> x, int step)
        {
            TVector x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
            TVector even = x4 - x2 * 4, odd = x3 - x1 * 4, nearEven = x4 - x2, nearOdd = (x3 - x1) * 2;
            x[0] = x0 * 4 - x2 * 5 + x4;
            x[step] = even + odd;
            x[2 * step] = even - odd;
            x[3 * step] = nearEven + nearOdd;
            x[4 * step] = nearEven - nearOdd;
            x[5 * step] = x1 * 4 - x3 * 5 + x5;
        }
    }

    /// <summary>G: the three weights along a side of a kernel to six.</summary>
    private readonly struct Kernels : ILineMap
    {
        public static int Side => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transform(Span<TVector> x, int step)
        {
            TVector x0 = x[0], x1 = x[step], x2 = x[2 * step];
            TVector ends = (x0 + x2) * (-1 / 6f), middle = x1 * (1 / 6f), farEnds = x0 * (1 / 24f) + x2 * (1 / 6f), farMiddle = x1 * (1 / 12f);
            x[0] = x0 * (1 / 4f);
            x[step] = ends - middle;
            x[2 * step] = ends + middle;
            x[3 * step] = farEnds + farMiddle;
            x[4 * step] = farEnds - farMiddle;
            x[5 * step] = x2;
        }
    }

    /// <summary>A: the four outputs of a tile, whose gradients these are, to six.</summary>
    private readonly struct Outputs : ILineMap
    {
        public static int Side => WinogradTiles.Side;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transform(Span<TVector> x, int step)
        {
            TVector x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step];
            TVector even = x0 + x2, odd = x1 + x3, farEven = x0 + x2 * 4, farOdd = (x1 + x3 * 4) * 2;
            x[step] = even + odd;
            x[2 * step] = even - odd;
            x[3 * step] = farEven + farOdd;
            x[4 * step] = farEven - farOdd;
            x[5 * step] = x3;
        }

        /// <summary>A', the transposed map: six elements to four.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void TransformBack(Span<TVector> x, int step)
        {
            TVector x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
            TVector sum = x1 + x2, difference = x1 - x2, farSum = x3 + x4, farDifference = x3 - x4;
            x[0] = x0 + sum + farSum;
            x[step] = difference + farDifference * 2;
            x[2 * step] = sum + farSum * 4;
            x[3 * step] = difference + farDifference * 8 + x5;
        }
    }
}
