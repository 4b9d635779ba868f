using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>From pixels to what the network reads.</summary>
internal static class ImageTensors
{
    /// <summary>
    /// An empty batch of images, [N, 3, height, width]. Its values lie in memory by pixel (channels last): libtorch's
    /// convolutions keep that order, and it is their faster one.
    /// </summary>
    public static Tensor CreateBatch(int count, int height, int width, Device? device = null)
    {
        using Tensor byPixel = empty(count, height, width, 3, dtype: ScalarType.Float32, device: device);
        return byPixel.permute(0, 3, 1, 2);
    }

    /// <summary>
    /// Writes one image into a batch, wherever that is: the part in the box, which may reach beyond the image, resized bilinearly with antialiasing
    /// (as Pillow does), changed, and normalised with ImageNet's mean and deviation. A transform is applied before that, to values rounded to
    /// bytes: what it does to whole blocks of pixels must come after all that moves pixels.
    /// </summary>
    public static void Write(Tensor batch, int index, PixelSpan image, CropBox box, ImageChange? change = null, PixelTransform? transform = null)
    {
        if (batch.device_type == DeviceType.CPU)
            WriteHere(batch, index, image, box, change, transform);
        else if (change is null && transform is null && DeviceImages.CanResize(box, batch))
            DeviceImages.Write(batch, index, image, box);
        else
            WriteThere(batch, index, image, box, change, transform);
    }

    /// <summary>Same for the whole of an ML.NET image.</summary>
    public static void Write(Tensor batch, int index, MLImage image, PixelTransform? transform = null) =>
        Write(batch, index, RgbPixels.Of(image), CropBox.Whole(image.Height, image.Width), null, transform);

    /// <summary>Same for an image that has the batch's size already: red, green and blue of each pixel, 0 to 255, row by row.</summary>
    public static void Write(Tensor batch, int index, ReadOnlySpan<float> rgb, PixelTransform? transform)
    {
        using Tensor byPixel = ByPixel(batch, index);
        Span<float> values = MemoryMarshal.Cast<byte, float>(byPixel.bytes);
        rgb.CopyTo(values);
        if (transform is not null)
            Apply(transform, values, (int)batch.shape[3]);
        ImageNormalization.Apply(values);
    }

    private static void WriteHere(Tensor batch, int index, PixelSpan image, CropBox box, ImageChange? change, PixelTransform? transform)
    {
        if (box.Top >= 0 && box.Left >= 0 && box.Top + box.Height <= image.Height && box.Left + box.Width <= image.Width)
        {
            WriteRows(batch, index, image.Part(box.Top, box.Left, box.Height, box.Width), box.Mirrored, change, transform);
            return;
        }
        byte[] row = ArrayPool<byte>.Shared.Rent(3 * box.Width);
        WriteRows(batch, index, new PaddedPixels(image, box.Top, box.Left, box.Height, row.AsSpan(0, 3 * box.Width)), box.Mirrored, change, transform);
        ArrayPool<byte>.Shared.Return(row);
    }

    // In this memory, and then there.
    private static void WriteThere(Tensor batch, int index, PixelSpan image, CropBox box, ImageChange? change, PixelTransform? transform)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor here = CreateBatch(1, (int)batch.shape[2], (int)batch.shape[3]);
        WriteHere(here, 0, image, box, change, transform);
        batch[index].copy_(here[0]);
    }

    private static void WriteRows<TImage>(Tensor batch, int index, TImage part, bool mirrored, ImageChange? change, PixelTransform? transform)
        where TImage : IPixelRows, allows ref struct
    {
        using Tensor byPixel = ByPixel(batch, index);
        Span<float> values = MemoryMarshal.Cast<byte, float>(byPixel.bytes);
        (int height, int width) = ((int)batch.shape[2], (int)batch.shape[3]);
        bool isPlain = change is null && transform is null;
        Action<Span<float>>? finish = mirrored ? Mirror : null;
        if (isPlain)
            finish += ImageNormalization.Apply;
        AntialiasedResizer.ResizeRows(part, values, height, width, finish);
        if (isPlain)
            return;
        change?.Apply(values, height, width);
        if (transform is not null)
            Apply(transform, values, width);
        ImageNormalization.Apply(values);
    }

    // [H, W, 3]
    private static Tensor ByPixel(Tensor batch, int index)
    {
        using Tensor image = batch[index];
        return image.permute(1, 2, 0);
    }

    private static void Mirror(Span<float> row)
    {
        for (int left = 0, right = row.Length - 3; left < right; left += 3, right -= 3)
        {
            for (int color = 0; color < 3; color++)
                (row[left + color], row[right + color]) = (row[right + color], row[left + color]);
        }
    }

    // Values 0 to 255.
    private static void Apply(PixelTransform transform, Span<float> values, int width)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(values.Length);
        for (int i = 0; i < values.Length; i++)
            bytes[i] = (byte)MathF.Round(values[i]);
        transform.Apply(bytes.AsSpan(0, values.Length), values, width);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    /// <summary>Writes one mask into a batch of labels: the part in the box, by nearest neighbour; returns how many pixels are not void.</summary>
    public static int Write(Span<long> labels, int labelHeight, int labelWidth, LabeledPixels image, CropBox box, ImageChange? change = null)
    {
        int length = labelHeight * labelWidth;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> resized = buffer.AsSpan(0, length);
        int[] columns = ArrayPool<int>.Shared.Rent(labelWidth);
        for (int x = 0; x < labelWidth; x++)
            columns[box.Mirrored ? labelWidth - 1 - x : x] = box.Left + MaskResizer.SourceIndex(x, box.Width, labelWidth);
        for (int y = 0; y < labelHeight; y++)
            ReadMask(image, box.Top + MaskResizer.SourceIndex(y, box.Height, labelHeight), columns, resized.Slice(y * labelWidth, labelWidth));
        ArrayPool<int>.Shared.Return(columns);
        change?.Apply(resized, labelHeight, labelWidth);
        int counted = 0;
        for (int p = 0; p < length; p++)
        {
            bool isVoid = resized[p] == MaskLabels.VoidKeyValue;
            labels[p] = isVoid ? TensorLabels.Void : MaskLabels.ToClass(resized[p]);
            counted += isVoid ? 0 : 1;
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return counted;
    }

    // Void where there is no mask.
    private static void ReadMask(LabeledPixels image, int y, int[] columns, Span<byte> row)
    {
        ReadOnlySpan<byte> source = y >= 0 && y < image.Height ? image.Mask.Slice(y * image.Width, image.Width) : [];
        for (int x = 0; x < row.Length; x++)
            row[x] = (uint)columns[x] < (uint)source.Length ? source[columns[x]] : MaskLabels.VoidKeyValue;
    }
}
