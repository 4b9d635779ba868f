using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// The class with the highest score at each pixel of an image, from scores at a fraction of its size; on the CPU without making
/// the scores of all pixels (<see cref="UpsampledRow"/>).
/// </summary>
public static class LabelUpsampler
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

    /// <summary>The probabilities of the classes, from the scores of one image upsampled in the same way.</summary>
    /// <param name="scores">[rows, columns, classes].</param>
    /// <param name="areProbabilities">Whether the scores are probabilities already; otherwise softmax makes them.</param>
    /// <param name="rows">Height of the scores.</param>
    /// <param name="columns">Width of the scores.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="height">Height of the result.</param>
    /// <param name="width">Width of the result.</param>
    /// <returns>[classes, height, width].</returns>
    public static float[] UpsampleProbabilities(ReadOnlySpan<float> scores, bool areProbabilities, int rows, int columns, int classes, int height, int width)
    {
        int size = checked(height * width);
        float[] result = new float[checked(classes * size)], pixel = new float[classes];
        byte[] best = new byte[rows * columns];
        var row = new UpsampledRow(Neighbors.OfAll(width, width, columns), columns, classes);
        for (int y = 0; y < height; y++)
        {
            Move(row, y, height, scores, best, rows, columns, classes);
            for (int x = 0; x < width; x++)
            {
                if (areProbabilities)
                    row.GetScores(x, pixel);
                else
                    row.GetProbabilities(x, pixel);
                for (int k = 0; k < classes; k++)
                    result[k * size + y * width + x] = pixel[k];
            }
        }
        return result;
    }

    // scores: [rows, columns, classes]
    private static void UpsampleOne(ReadOnlySpan<float> scores, int rows, int columns, int classes, Span<byte> labels, int height, int width)
    {
        byte[] best = new byte[rows * columns];
        for (int p = 0; p < best.Length; p++)
            best[p] = (byte)TensorPrimitives.IndexOfMax(scores.Slice(p * classes, classes));
        var row = new UpsampledRow(Neighbors.OfAll(width, width, columns), columns, classes);
        float[] pixel = new float[classes];
        for (int y = 0; y < height; y++)
        {
            Move(row, y, height, scores, best, rows, columns, classes);
            row.GetLabels(labels.Slice(y * width, width), pixel);
        }
    }

    private static void Move(UpsampledRow row, int y, int height, ReadOnlySpan<float> scores, ReadOnlySpan<byte> best, int rows, int columns, int classes)
    {
        Neighbors down = Neighbors.Of(y, height, rows);
        int length = columns * classes;
        row.Set(
            scores.Slice(down.First * length, length), best.Slice(down.First * columns, columns),
            scores.Slice(down.Second * length, length), best.Slice(down.Second * columns, columns), down.Share);
    }
}
