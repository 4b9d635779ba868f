using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Images and labels that go through the network together.</summary>
/// <param name="Images">[N, 3, H, W], normalised.</param>
/// <param name="Labels">[N, H, W]: see <see cref="TensorLabels"/>.</param>
/// <param name="CountedPixels">Pixels that are not void.</param>
internal sealed record LabeledBatch(Tensor Images, Tensor Labels, long CountedPixels) : IDisposable
{
    /// <summary>Number of images.</summary>
    public int Count => (int)Images.shape[0];

    /// <summary>Resizes the parts of images that the boxes name, transforms them, and puts them together.</summary>
    public static LabeledBatch Of(IReadOnlyList<(LabeledImage Image, CropBox Box)> samples, int height, int width) =>
        Of([.. samples.Select(sample => (sample.Image, sample.Box, (ImageChange?)null))], height, width, transform: null);

    /// <summary>The same, with changes in between.</summary>
    public static LabeledBatch Of(IReadOnlyList<(LabeledImage Image, CropBox Box, ImageChange? Change)> samples, int height, int width, PixelTransform? transform)
    {
        using var scope = NewDisposeScope();
        Tensor images = ImageTensors.CreateBatch(samples.Count, height, width);
        Tensor labels = empty(samples.Count, height, width, dtype: ScalarType.Int64);
        long counted = 0;
        for (int i = 0; i < samples.Count; i++)
        {
            (LabeledImage image, CropBox box, ImageChange? change) = samples[i];
            ImageTensors.Write(images, i, image, box, change, transform);
            counted += ImageTensors.Write(MemoryMarshal.Cast<byte, long>(labels[i].bytes), height, width, image, box, change);
        }
        return new LabeledBatch(images.DetachFromDisposeScope(), labels.DetachFromDisposeScope(), counted);
    }

    /// <summary>The same batch on a device; this one is disposed when it was elsewhere.</summary>
    public LabeledBatch To(Device device)
    {
        if (device.type == Images.device_type)
            return this;
        var moved = new LabeledBatch(Images.to(device), Labels.to(device), CountedPixels);
        Dispose();
        return moved;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
