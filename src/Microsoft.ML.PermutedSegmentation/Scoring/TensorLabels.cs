using System.Buffers;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>The class with the highest score at each pixel of an image, from a network's scores at a fraction of its size.</summary>
internal static class TensorLabels
{
    /// <summary>The labels of <c>scores</c> upsampled bilinearly between pixel centres (as <see cref="LayoutRunner.Upsample"/> does).</summary>
    /// <param name="scores">[N, classes, h, w], on any device.</param>
    /// <param name="height">Height of the labels.</param>
    /// <param name="width">Width of the labels.</param>
    /// <returns>Key values, N x height x width: class k is k + 1.</returns>
    public static byte[] Upsample(Tensor scores, int height, int width)
    {
        using var scope = NewDisposeScope();
        // A GPU has made the scores of all pixels before they would be at the CPU.
        if (scores.device_type != DeviceType.CPU)
            return LayoutRunner.Upsample(scores, height, width).argmax(1).add_(1).to(ScalarType.Byte).cpu().bytes.ToArray();
        int count = (int)scores.shape[0], classes = (int)scores.shape[1], rows = (int)scores.shape[2], columns = (int)scores.shape[3];
        Tensor byPixel = scores.permute(0, 2, 3, 1).contiguous();
        float[] values = ArrayPool<float>.Shared.Rent((int)byPixel.NumberOfElements);
        MemoryMarshal.Cast<byte, float>(byPixel.bytes).CopyTo(values);
        byte[] labels = LabelUpsampler.Upsample(values, count, rows, columns, classes, height, width);
        ArrayPool<float>.Shared.Return(values);
        return labels;
    }
}
