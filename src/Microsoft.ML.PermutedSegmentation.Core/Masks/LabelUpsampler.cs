using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// The class with the highest score at each pixel of an image, from scores at a fraction of its size; on the CPU without making
/// the scores of all pixels: where the four scores around a pixel agree on the highest class, so does any mean of them.
/// </summary>
internal static class LabelUpsampler
{
    /// <summary>The labels of scores upsampled bilinearly between pixel centres.</summary>
    /// <param name="scores">[N, rows, columns, classes]; there may be more behind them.</param>
    /// <param name="count">N.</param>
    /// <param name="rows">Height of the scores.</param>
    /// <param name="columns">Width of the scores.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="height">Height of the labels.</param>
    /// <param name="width">Width of the labels.</param>
    /// <returns>Key values, N x height x width: class k is k + 1.</returns>
    public static byte[] Upsample(float[] scores, int count, int rows, int columns, int classes, int height, int width)
    {
        byte[] labels = new byte[count * height * width];
        Parallel.For(0, count, i => UpsampleOne(
            scores.AsSpan(i * rows * columns * classes, rows * columns * classes), rows, columns, classes,
            labels.AsSpan(i * height * width, height * width), height, width));
        return labels;
    }

    // scores: [rows, columns, classes]
    private static void UpsampleOne(ReadOnlySpan<float> scores, int rows, int columns, int classes, Span<byte> labels, int height, int width)
    {
        byte[] best = new byte[rows * columns];
        for (int p = 0; p < best.Length; p++)
            best[p] = (byte)TensorPrimitives.IndexOfMax(scores.Slice(p * classes, classes));
        Neighbors[] across = [.. Enumerable.Range(0, width).Select(x => Neighbors.Of(x, width, columns))];
        float[] row = new float[columns * classes], pixel = new float[classes];
        for (int y = 0; y < height; y++)
        {
            Neighbors down = Neighbors.Of(y, height, rows);
            ReadOnlySpan<byte> bestAbove = best.AsSpan(down.First * columns, columns), bestBelow = best.AsSpan(down.Second * columns, columns);
            Mix(scores.Slice(down.First * row.Length, row.Length), scores.Slice(down.Second * row.Length, row.Length), down.Share, row);
            for (int x = 0; x < width; x++)
            {
                (int left, int right, float share) = across[x];
                int label = bestAbove[left];
                if (label != bestAbove[right] || label != bestBelow[left] || label != bestBelow[right])
                {
                    Mix(row.AsSpan(left * classes, classes), row.AsSpan(right * classes, classes), share, pixel);
                    label = TensorPrimitives.IndexOfMax(pixel);
                }
                labels[y * width + x] = (byte)(label + 1);
            }
        }
    }

    private static void Mix(ReadOnlySpan<float> first, ReadOnlySpan<float> second, float share, Span<float> result)
    {
        TensorPrimitives.Subtract(second, first, result);
        TensorPrimitives.MultiplyAdd(result, share, first, result);
    }

    /// <summary>The two small pixels around a large one, along one side, and the share of the second.</summary>
    private readonly record struct Neighbors(int First, int Second, float Share)
    {
        public static Neighbors Of(int position, int size, int smallSize)
        {
            float at = Math.Max(0, (position + 0.5f) * smallSize / size - 0.5f);
            int first = Math.Min((int)at, smallSize - 1);
            return new Neighbors(first, Math.Min(first + 1, smallSize - 1), at - first);
        }
    }
}
