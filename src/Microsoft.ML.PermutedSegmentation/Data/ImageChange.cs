using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>What is done to one image besides cutting and mirroring: it is turned, its colors change, and it is blurred.</summary>
internal sealed record ImageChange
{
    // Weights of red, green and blue in a grey (W3C, Filter Effects Module Level 1, as of feColorMatrix).
    private static readonly double[] Grey = [0.213, 0.715, 0.072];

    public static ImageChange None { get; } = new();

    /// <summary>By how much it is turned around its centre, clockwise.</summary>
    public double Degrees { get; init; }

    /// <summary>What values are multiplied by.</summary>
    public double Brightness { get; init; } = 1;

    /// <summary>What the distance from the image's mean grey is multiplied by.</summary>
    public double Contrast { get; init; } = 1;

    /// <summary>What the distance from a pixel's grey is multiplied by.</summary>
    public double Saturation { get; init; } = 1;

    /// <summary>By how much colors are turned around the grey axis.</summary>
    public double HueDegrees { get; init; }

    /// <summary>Standard deviation of the blur, in pixels.</summary>
    public double Blur { get; init; }

    /// <summary>Changes an image.</summary>
    /// <param name="image">[1, 3, H, W], values 0 to 255.</param>
    /// <param name="border">Value of each color where a turned image does not reach, [1, 3, 1, 1].</param>
    /// <returns>The same shape and range.</returns>
    public Tensor Apply(Tensor image, Tensor border)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor result = Degrees == 0 ? image : Turn(image - border).Add(border);
        if (Brightness != 1 || Contrast != 1 || Saturation != 1 || HueDegrees != 0)
            result = ChangeColors(result);
        if (Blur > 0)
            result = Smooth(result);
        return result.alias().MoveToOuterDisposeScope();
    }

    /// <summary>Turns a mask as <see cref="Apply(Tensor, Tensor)"/> turns its image, by the nearest pixel; what comes from outside of it is void.</summary>
    /// <param name="mask">Key values, height x width.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public void Apply(Span<byte> mask, int height, int width)
    {
        if (Degrees == 0)
            return;
        byte[] source = mask.ToArray();
        (double sine, double cosine) = Math.SinCos(Degrees * Math.PI / 180);
        double middleX = (width - 1) / 2.0, middleY = (height - 1) / 2.0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double dx = x - middleX, dy = y - middleY;
                int fromX = (int)Math.Round(middleX + cosine * dx + sine * dy), fromY = (int)Math.Round(middleY - sine * dx + cosine * dy);
                mask[y * width + x] = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height ? source[fromY * width + fromX] : MaskLabels.VoidKeyValue;
            }
        }
    }

    // By the same mapping, with coordinates from -1 at one side of the image to 1 at the other.
    private Tensor Turn(Tensor image)
    {
        (double height, double width) = (image.shape[2], image.shape[3]);
        (double sine, double cosine) = Math.SinCos(Degrees * Math.PI / 180);
        Tensor mapping = tensor([(float)cosine, (float)(sine * height / width), 0, (float)(-sine * width / height), (float)cosine, 0]).reshape(1, 2, 3);
        Tensor grid = nn.functional.affine_grid(mapping, image.shape, align_corners: false);
        return nn.functional.grid_sample(image, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false);
    }

    private Tensor ChangeColors(Tensor image)
    {
        Tensor matrix = tensor([.. Multiply(SaturationMatrix(Saturation), HueMatrix(HueDegrees)).Select(value => (float)value)]).reshape(3, 3);
        Tensor colors = matrix.matmul(image.reshape(3, -1));
        Tensor mean = tensor([.. Grey.Select(weight => (float)weight)]).matmul(colors).mean();
        return colors.sub(mean).Multiply(Contrast).Add(mean).Multiply(Brightness).Clamp(0, 255).reshape(image.shape);
    }

    private Tensor Smooth(Tensor image)
    {
        int radius = (int)Math.Ceiling(3 * Blur);
        // A mirrored border can be no longer than what it mirrors.
        radius = Math.Min(radius, (int)Math.Min(image.shape[2], image.shape[3]) - 1);
        double[] bell = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(x => Math.Exp(-x * x / (2 * Blur * Blur)))];
        Tensor kernel = tensor([.. bell.Select(value => (float)(value / bell.Sum()))]).reshape(1, 1, 1, -1).expand(3, 1, 1, -1);
        Tensor padded = nn.functional.pad(image, [radius, radius, radius, radius], PaddingModes.Reflect);
        return nn.functional.conv2d(nn.functional.conv2d(padded, kernel, groups: 3), kernel.transpose(2, 3), groups: 3);
    }

    // Row by row: grey + s (color - grey).
    private static double[] SaturationMatrix(double s) =>
        [.. Enumerable.Range(0, 9).Select(i => Grey[i % 3] * (1 - s) + (i % 4 == 0 ? s : 0))];

    private static double[] HueMatrix(double degrees)
    {
        (double sine, double cosine) = Math.SinCos(degrees * Math.PI / 180);
        double[] ofSine = [-0.213, -0.715, 0.928, 0.143, 0.140, -0.283, -0.787, 0.715, 0.072];
        return [.. Enumerable.Range(0, 9).Select(i => Grey[i % 3] + cosine * ((i % 4 == 0 ? 1 : 0) - Grey[i % 3]) + sine * ofSine[i])];
    }

    private static double[] Multiply(double[] left, double[] right) =>
        [.. Enumerable.Range(0, 9).Select(i => Enumerable.Range(0, 3).Sum(k => left[i / 3 * 3 + k] * right[k * 3 + i % 3]))];
}
