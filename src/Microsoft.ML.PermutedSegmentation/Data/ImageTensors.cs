using System.Buffers;
using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>From pixels to what the network reads.</summary>
internal static class ImageTensors
{
    private const int BandPixels = 1 << 18;

    private static readonly byte[] MeanColor = [.. ImageNormalization.Mean.ToArray().Select(value => (byte)Math.Round(value))];

    private delegate void RowReader(int y, Span<byte> rgb);

    /// <summary>
    /// An empty batch of images, [N, 3, height, width]. Its values lie in memory by pixel (channels last): libtorch's
    /// convolutions keep that order, and it is their faster one.
    /// </summary>
    public static Tensor CreateBatch(int count, int height, int width)
    {
        using Tensor byPixel = empty(count, height, width, 3, dtype: ScalarType.Float32);
        return byPixel.permute(0, 3, 1, 2);
    }

    /// <summary>
    /// Writes one image into a batch: the part in the box, resized bilinearly with antialiasing (as Pillow does) and
    /// normalised with ImageNet's mean and deviation. A transform is applied in between, to values rounded to bytes: what
    /// it does to whole blocks of pixels must come after all that moves pixels.
    /// </summary>
    public static void Write(Tensor batch, int index, byte[] rgb, int width, CropBox box, PixelTransform? transform = null) =>
        Write(batch, index, (y, part) => rgb.AsSpan((y * width + box.Left) * 3, part.Length).CopyTo(part), box, transform);

    /// <summary>Same for a box that may reach beyond the image, whose part may be changed before it is normalised.</summary>
    public static void Write(Tensor batch, int index, LabeledImage image, CropBox box, ImageChange? change, PixelTransform? transform) =>
        Write(batch, index, (y, part) => ReadBeyond(image, y, box.Left, part), box, transform, change);

    /// <summary>Same for the whole of an ML.NET image.</summary>
    public static void Write(Tensor batch, int index, MLImage image, PixelTransform? transform = null) =>
        Write(batch, index, (y, row) => RgbPixels.Copy(image, y * image.Width, row), CropBox.Whole(image.Height, image.Width), transform);

    /// <summary>
    /// Same for an image that has the batch's size already: red, green and blue of each pixel, 0 to 255, row by row. They may be others afterwards.
    /// </summary>
    public static void Write(Tensor batch, int index, float[] rgb, int start, PixelTransform? transform)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        (long height, long width) = (batch.shape[2], batch.shape[3]);
        Tensor image = frombuffer(rgb, ScalarType.Float32, count: rgb.Length).narrow(0, start, height * width * 3).reshape(height, width, 3).permute(2, 0, 1).unsqueeze(0);
        Normalize(batch, index, transform is null ? image : Apply(transform, image));
    }

    // readRow: copies the pixels of a row of the image that lie in the box.
    private static void Write(Tensor batch, int index, RowReader readRow, CropBox box, PixelTransform? transform, ImageChange? change = null)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        (long height, long width) = (batch.shape[2], batch.shape[3]);
        Tensor part = Resize(ReadBands(readRow, box, width), height, width);
        if (box.Mirrored)
            part = part.flip(3);
        if (change is not null)
            part = change.Apply(part, PerColor(ImageNormalization.Mean));
        Normalize(batch, index, transform is null ? part : Apply(transform, part));
    }

    // image: [1, 3, H, W]; it is changed.
    private static void Normalize(Tensor batch, int index, Tensor image) =>
        batch[index].copy_(image.sub_(PerColor(ImageNormalization.Mean)).div_(PerColor(ImageNormalization.Deviation)).squeeze(0));

    private static Tensor PerColor(ReadOnlySpan<float> values) => tensor(values.ToArray()).reshape(1, 3, 1, 1);

    // The mean colour where there is no image.
    private static void ReadBeyond(LabeledImage image, int y, int left, Span<byte> part)
    {
        int count = part.Length / 3, first = Math.Max(0, -left), end = Math.Min(count, image.Width - left);
        if (y >= 0 && y < image.Height && end > first)
            image.Rgb.AsSpan((y * image.Width + left + first) * 3, (end - first) * 3).CopyTo(part[(first * 3)..]);
        else
            end = first = 0;
        for (int x = 0; x < count; x++)
        {
            if (x < first || x >= end)
                MeanColor.CopyTo(part[(x * 3)..]);
        }
    }

    // The box, [1, 3, box.Height, width]. Only a few rows are ever there at their full width: as floats a large image would take
    // four times the memory that it has decoded. The filter is separable, so that the result is that of resizing at once.
    private static Tensor ReadBands(RowReader readRow, CropBox box, long width)
    {
        int most = Math.Clamp(BandPixels / box.Width, 1, box.Height), rowBytes = 3 * box.Width;
        byte[] rgb = ArrayPool<byte>.Shared.Rent(most * rowBytes);
        // One for all bands: the C library uses large blocks again only in part.
        Tensor bytes = frombuffer(rgb, ScalarType.Byte, count: (long)most * rowBytes).reshape(most, box.Width, 3), floats = empty(most, box.Width, 3);
        var bands = new List<Tensor>();
        for (int top = 0; top < box.Height; top += most)
        {
            using var scope = NewDisposeScope();
            int rows = Math.Min(most, box.Height - top);
            for (int y = 0; y < rows; y++)
                readRow(box.Top + top + y, rgb.AsSpan(y * rowBytes, rowBytes));
            floats.copy_(bytes);
            Tensor band = floats.narrow(0, 0, rows).permute(2, 0, 1).unsqueeze(0);
            bands.Add((box.Width == width ? band.clone() : Resize(band, rows, width)).MoveToOuterDisposeScope());
        }
        ArrayPool<byte>.Shared.Return(rgb);
        return bands is [var whole] ? whole : cat(bands, 2);
    }

    private static Tensor Resize(Tensor images, long height, long width) => images.shape[2] == height && images.shape[3] == width
        ? images
        : nn.functional.interpolate(images, [height, width], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true);

    // [1, 3, H, W] to the same, values 0 to 255.
    private static Tensor Apply(PixelTransform transform, Tensor image)
    {
        using var scope = NewDisposeScope();
        Tensor bytes = image.round().to(ScalarType.Byte).squeeze(0).permute(1, 2, 0).contiguous();
        float[] transformed = new float[bytes.NumberOfElements];
        transform.Apply(bytes.bytes, transformed, width: (int)bytes.shape[1]);
        return tensor(transformed).reshape(bytes.shape).permute(2, 0, 1).unsqueeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>Writes one mask into a batch of labels: the part in the box, by nearest neighbour; returns how many pixels are not void.</summary>
    public static int Write(Span<long> labels, int labelHeight, int labelWidth, LabeledImage image, CropBox box, ImageChange? change = null)
    {
        int length = labelHeight * labelWidth;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> resized = buffer.AsSpan(0, length);
        int[] columns = [.. Enumerable.Range(0, labelWidth).Select(x => box.Left + MaskResizer.SourceIndex(x, box.Width, labelWidth))];
        for (int y = 0; y < labelHeight; y++)
            ReadMask(image, box.Top + MaskResizer.SourceIndex(y, box.Height, labelHeight), columns, resized.Slice(y * labelWidth, labelWidth));
        for (int y = 0; y < labelHeight && box.Mirrored; y++)
            resized.Slice(y * labelWidth, labelWidth).Reverse();
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
    private static void ReadMask(LabeledImage image, int y, int[] columns, Span<byte> row)
    {
        ReadOnlySpan<byte> source = y >= 0 && y < image.Height ? image.Mask.AsSpan(y * image.Width, image.Width) : [];
        for (int x = 0; x < row.Length; x++)
            row[x] = (uint)columns[x] < (uint)source.Length ? source[columns[x]] : MaskLabels.VoidKeyValue;
    }
}
