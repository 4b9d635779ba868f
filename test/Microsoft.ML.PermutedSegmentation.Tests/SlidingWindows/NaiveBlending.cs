using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Sliding windows as one would write them down first: everything in memory, in double precision, and libtorch's resizing.</summary>
internal static class NaiveBlending
{
    /// <summary>The class probabilities of an image.</summary>
    /// <param name="rgb">[height, width, 3].</param>
    /// <param name="window">The side of a window.</param>
    /// <param name="stride">Pixels of a cell of the scores.</param>
    /// <param name="score">Scores of [3, window, window], 0 to 255: [classes, cells, cells].</param>
    /// <returns>[classes, height, width].</returns>
    public static Tensor Probabilities(Tensor rgb, int window, int stride, Func<Tensor, Tensor> score)
    {
        int height = (int)rgb.shape[0], width = (int)rgb.shape[1], cells = window / stride;
        int rows = (Math.Max(height, window) + stride - 1) / stride, columns = (Math.Max(width, window) + stride - 1) / stride;
        Tensor padded = rgb.index_select(0, Reflected(rows * stride, height)).index_select(1, Reflected(columns * stride, width)).permute(2, 0, 1).to(ScalarType.Float32);
        int[] triangle = [.. Enumerable.Range(0, cells).Select(i => Math.Min(i + 1, cells - i))];
        Tensor weights = outer(tensor(triangle), tensor(triangle)).to(ScalarType.Float64), total = zeros(rows, columns, dtype: ScalarType.Float64);
        Tensor? sum = null;
        foreach (int top in Starts(rows, cells))
        {
            foreach (int left in Starts(columns, cells))
            {
                Tensor scores = score(padded.narrow(1, top * stride, window).narrow(2, left * stride, window)).to(ScalarType.Float64);
                sum ??= zeros(scores.shape[0], rows, columns, dtype: ScalarType.Float64);
                sum.narrow(1, top, cells).narrow(2, left, cells).add_(scores * weights);
                total.narrow(0, top, cells).narrow(1, left, cells).add_(weights);
            }
        }
        Tensor pixels = nn.functional.interpolate((sum! / total).unsqueeze(0), [rows * stride, columns * stride], mode: InterpolationMode.Bilinear, align_corners: false);
        return nn.functional.softmax(pixels.squeeze(0).narrow(1, 0, height).narrow(2, 0, width), 0);
    }

    // The fewest windows that overlap by a quarter, spread evenly.
    private static int[] Starts(int cells, int window)
    {
        int count = 1;
        while (count * window - (count - 1) * (window / 4) < cells)
            count++;
        return [.. Enumerable.Range(0, count).Select(i => count == 1 ? 0 : i * (cells - window) / (count - 1))];
    }

    private static Tensor Reflected(int count, int size)
    {
        int[] there = [.. Enumerable.Range(0, size)];
        int[] back = [.. there.Reverse()];
        List<int> positions = [];
        for (bool forth = true; positions.Count < count; forth = !forth)
            positions.AddRange(forth ? there : back);
        return tensor(positions.Take(count).Select(i => (long)i).ToArray());
    }
}
