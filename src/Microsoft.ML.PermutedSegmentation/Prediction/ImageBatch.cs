using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>
/// Images as a model's network reads them: resized, encrypted if the model's are, and normalised. A model that reads them by windows gets them as
/// they are, one at a time.
/// </summary>
/// <param name="model">Whose network will read them.</param>
/// <param name="capacity">The most images that fit in.</param>
/// <param name="device">Where the network is; null: on the CPU.</param>
internal sealed class ImageBatch(SegmentationModel model, int capacity, Device? device = null) : IDisposable
{
    private readonly Tensor? _images = model.Description.ScoresResizedImages
        ? ImageTensors.CreateBatch(capacity, model.Description.ImageHeight, model.Description.ImageWidth, device).DetachFromDisposeScope()
        : null;

    /// <summary>How many images there are.</summary>
    public int Count { get; set; }

    /// <summary>Height and width that each image had, one after the other.</summary>
    public int[] ImageSizes { get; } = new int[2 * capacity];

    /// <summary>The image that is read by windows, valid as long as its reader lets it be; null: the images are resized.</summary>
    public MLImage? Whole { get; private set; }

    /// <summary>The images, [Count, 3, H, W], on the device: a view that the caller disposes.</summary>
    public Tensor View() => _images!.narrow(0, 0, Count);

    /// <summary>Forgets the images.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds an image of any size.</summary>
    public void Add(MLImage image)
    {
        Write(Count, image);
        Count++;
    }

    /// <summary>Puts an image of any size at a place, whether it counts yet or not; several threads may, each at its own.</summary>
    public void Write(int index, MLImage image)
    {
        if (_images is null)
            Whole = image;
        else
            ImageTensors.Write(_images, index, image, model.PixelTransform);
        (ImageSizes[2 * index], ImageSizes[2 * index + 1]) = (image.Height, image.Width);
    }

    /// <inheritdoc/>
    public void Dispose() => _images?.Dispose();
}
