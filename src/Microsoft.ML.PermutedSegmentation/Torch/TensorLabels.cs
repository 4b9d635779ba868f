using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>What a tensor of labels holds: the index of each pixel's class, or <see cref="Void"/>.</summary>
internal static class TensorLabels
{
    /// <summary>The label of pixels without one; the loss leaves them out.</summary>
    public const long Void = -100;

    /// <summary>The cross-entropy of scores over all labelled pixels.</summary>
    /// <param name="scores">[N, classes, H, W].</param>
    /// <param name="labels">[N, H, W].</param>
    /// <param name="reduction">What is made of the pixels' losses.</param>
    public static Tensor Loss(Tensor scores, Tensor labels, nn.Reduction reduction = nn.Reduction.Mean) =>
        nn.functional.cross_entropy(scores, labels, ignore_index: Void, reduction: reduction);

    /// <summary>Labels as key values, in order: class k is k + 1, void is 0.</summary>
    /// <param name="labels">Of any shape, on any device.</param>
    public static byte[] ToKeyValues(Tensor labels)
    {
        using var scope = NewDisposeScope();
        return labels.PlusOne().AtLeast((long)MaskLabels.VoidKeyValue).to(ScalarType.Byte).cpu().contiguous().bytes.ToArray();
    }

    /// <summary>
    /// The class with the highest score at each pixel of images, from a network's scores at a fraction of their size, upsampled
    /// bilinearly between pixel centres (as <see cref="LayoutRunner.Upsample"/> does).
    /// </summary>
    /// <param name="scores">[N, classes, h, w], on any device.</param>
    /// <param name="height">Height of the images.</param>
    /// <param name="width">Width of the images.</param>
    /// <returns>Key values, N x height x width.</returns>
    public static byte[] Upsample(Tensor scores, int height, int width)
    {
        using var scope = NewDisposeScope();
        // A GPU has made the scores of all pixels before they would be at the CPU.
        if (scores.device_type != DeviceType.CPU)
            return ToKeyValues(LayoutRunner.Upsample(scores, height, width).argmax(1));
        int count = (int)scores.shape[0], classes = (int)scores.shape[1], rows = (int)scores.shape[2], columns = (int)scores.shape[3];
        Tensor byPixel = scores.permute(0, 2, 3, 1).contiguous();
        float[] values = ArrayPool<float>.Shared.Rent((int)byPixel.NumberOfElements);
        MemoryMarshal.Cast<byte, float>(byPixel.bytes).CopyTo(values);
        byte[] labels = LabelUpsampler.Upsample(values, count, rows, columns, classes, height, width);
        ArrayPool<float>.Shared.Return(values);
        return labels;
    }
}
