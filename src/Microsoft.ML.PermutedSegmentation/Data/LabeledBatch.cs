using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Images and labels that go through the network together.</summary>
internal sealed class LabeledBatch : IDisposable
{
    private long _countedPixels;

    /// <summary>Room for images.</summary>
    /// <param name="count">How many.</param>
    /// <param name="height">Their height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="device">Where the images will be; null: the CPU. Labels are at the CPU until <see cref="To"/>.</param>
    public LabeledBatch(int count, int height, int width, Device? device = null)
        : this(ImageTensors.CreateBatch(count, height, width, device).DetachFromDisposeScope(), empty(count, height, width, dtype: ScalarType.Int64).DetachFromDisposeScope(), 0)
    {
    }

    /// <summary>Images and labels that are there already; they become this object's.</summary>
    public LabeledBatch(Tensor images, Tensor labels, long countedPixels) => (Images, Labels, _countedPixels) = (images, labels, countedPixels);

    /// <summary>[N, 3, H, W], normalised.</summary>
    public Tensor Images { get; }

    /// <summary>[N, H, W]: see <see cref="TensorLabels"/>.</summary>
    public Tensor Labels { get; }

    /// <summary>Pixels that are not void.</summary>
    public long CountedPixels => Interlocked.Read(ref _countedPixels);

    /// <summary>Number of images.</summary>
    public int Count => (int)Images.shape[0];

    /// <summary>Resizes the parts of images that the boxes name and puts them together.</summary>
    public static LabeledBatch Of(IReadOnlyList<(LabeledImage Image, CropBox Box)> samples, int height, int width)
    {
        var batch = new LabeledBatch(samples.Count, height, width);
        for (int i = 0; i < samples.Count; i++)
            batch.Write(i, samples[i].Image.Pixels, samples[i].Box);
        return batch;
    }

    /// <summary>Puts a part of an image at its place, resized, changed and transformed; several threads may write, each its own images.</summary>
    public void Write(int index, LabeledPixels image, CropBox box, ImageChange? change = null, PixelTransform? transform = null)
    {
        ImageTensors.Write(Images, index, image.Image, box, change, transform);
        using Tensor labels = Labels[index];
        (int height, int width) = ((int)labels.shape[0], (int)labels.shape[1]);
        Interlocked.Add(ref _countedPixels, ImageTensors.Write(MemoryMarshal.Cast<byte, long>(labels.bytes), height, width, image, box, change));
    }

    /// <summary>The same batch on a device; this one is disposed when it was elsewhere.</summary>
    public LabeledBatch To(Device device)
    {
        if (device.type == Labels.device_type)
            return this;
        using Tensor small = Labels.to(ScalarType.Int16), there = small.to(device);
        var moved = new LabeledBatch(Images.to(device), there.to(ScalarType.Int64), CountedPixels);
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
