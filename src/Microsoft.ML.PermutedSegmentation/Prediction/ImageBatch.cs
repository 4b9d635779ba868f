using System.Buffers;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Images as a model's network reads them: resized, encrypted if the model's are, and normalised.</summary>
/// <param name="model">Whose network will read them.</param>
/// <param name="capacity">The most images that fit in.</param>
internal sealed class ImageBatch(SegmentationModel model, int capacity) : IDisposable
{
    private readonly Tensor _images = ImageTensors.CreateBatch(capacity, model.Description.ImageHeight, model.Description.ImageWidth).DetachFromDisposeScope();

    /// <summary>How many images there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is no room for another image.</summary>
    public bool IsFull => Count == capacity;

    /// <summary>The images, [Count, 3, H, W], on the CPU: a view that the caller disposes.</summary>
    public Tensor View() => _images.narrow(0, 0, Count);

    /// <summary>Forgets the images.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds an image of any size.</summary>
    public void Add(MLImage image)
    {
        // Arrays of this size are large objects: a new one for each image would keep the garbage collector busy.
        byte[] rgb = ArrayPool<byte>.Shared.Rent(RgbPixels.LengthOf(image));
        RgbPixels.Copy(image, rgb);
        ImageTensors.Write(_images, Count, rgb, image.Height, image.Width, CropBox.Whole(image.Height, image.Width), model.ImageTransform);
        ArrayPool<byte>.Shared.Return(rgb);
        Count++;
    }

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();
}
