using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// Makes images ready where the network is: a GPU gets their bytes, and resizes and normalises them, while the CPU goes on with others.
/// The values are those of <see cref="AntialiasedResizer"/> up to rounding. For several threads.
/// </summary>
internal static class DeviceImages
{
    // Of floats they take 48 MB, for each of the threads.
    private const long MostPixels = 1 << 22;

    // Beyond about 94 CUDA's kernel has no room for the pixels that it mixes.
    private const int MostTimesSmaller = 64;

    /// <summary>Whether a part is small enough to be resized there, which is no matter of results.</summary>
    public static bool CanResize(CropBox box, Tensor batch) => (long)box.Height * box.Width <= MostPixels
        && box.Height <= MostTimesSmaller * batch.shape[2] && box.Width <= MostTimesSmaller * batch.shape[3];

    /// <summary>Writes the part of an image in the box into a batch: resized, mirrored and normalised.</summary>
    /// <param name="batch">[N, 3, H, W] floats, on any device.</param>
    /// <param name="index">Which of the images.</param>
    /// <param name="image">The image.</param>
    /// <param name="box">The part; where it reaches beyond the image, there is the mean color.</param>
    public static void Write(Tensor batch, int index, PixelSpan image, CropBox box)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor part = Resize(Cut(image, box, batch.device), batch.shape[2], batch.shape[3]);
        if (box.Mirrored)
            part = part.flip(3);
        Tensor place = batch[index];
        place.copy_(part.squeeze(0));
        for (int color = 0; color < 3; color++)
            place[color].Add(-ImageNormalization.Mean[color]).Divide(ImageNormalization.Deviation[color]);

        static Tensor Resize(Tensor values, long height, long width) =>
            nn.functional.interpolate(values, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true);
    }

    // [1, 3, box height, box width], values 0 to 255.
    private static Tensor Cut(PixelSpan image, CropBox box, Device device)
    {
        int top = Math.Max(0, box.Top), left = Math.Max(0, box.Left);
        int height = Math.Min(image.Height, box.Top + box.Height) - top, width = Math.Min(image.Width, box.Left + box.Width) - left;
        bool isInside = height == box.Height && width == box.Width;
        Tensor? seen = height > 0 && width > 0 ? Send(image.Part(top, left, height, width), device) : null;
        if (isInside)
            return seen!;
        Tensor padded = zeros(1, 3, box.Height, box.Width, device: device);
        for (int color = 0; color < 3; color++)
            padded.narrow(1, color, 1).Add(PaddedPixels.MeanColor[color]);
        if (seen is not null)
            padded.narrow(2, top - box.Top, height).narrow(3, left - box.Left, width).copy_(seen);
        return padded;
    }

    private static Tensor Send(PixelSpan image, Device device)
    {
        Tensor bytes = empty(image.Height, image.Width, 3, dtype: ScalarType.Byte);
        // From such memory a GPU reads by itself, while this thread goes on.
        if (device.type == DeviceType.CUDA)
            bytes = bytes.pin_memory();
        image.CopyTo(bytes.bytes);
        return bytes.to(device, non_blocking: true).permute(2, 0, 1).unsqueeze(0).to(ScalarType.Float32);
    }
}
