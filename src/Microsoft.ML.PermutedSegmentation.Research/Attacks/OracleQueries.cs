using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>What an attacker learns from an unlocked copy that answers: the masks of parts of the attacker's own images, resized as the network reads them.</summary>
internal static class OracleQueries
{
    private const int AtOnce = 8;

    // Smaller parts would tell more from each image, and look less like those that the model was trained on.
    private const double MinimumCropArea = 0.25;

    /// <param name="oracle">The unlocked network.</param>
    /// <param name="images">The attacker's; their masks are not used.</param>
    /// <param name="count">How many masks to ask for.</param>
    /// <param name="model">Tells the size of the network's images.</param>
    /// <param name="random">Where the parts come from.</param>
    /// <param name="device">Where the network is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The parts, at the network's size, with the answers as their masks.</returns>
    public static LabeledImage[] Ask(
        TorchNetwork oracle, IReadOnlyList<LabeledImage> images, int count, ModelDescription model, Random random, Device device, CancellationToken cancellation)
    {
        oracle.Train(false);
        var crop = new RandomResizedCrop(MinimumCropArea);
        var answers = new LabeledImage[count];
        foreach (int[] part in Enumerable.Range(0, count).Chunk(AtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var inference = inference_mode();
            LabeledImage[] asked = [.. part.Select(i => Cut(images[i % images.Count], crop, random, model))];
            using LabeledBatch batch = LabeledBatch.Of(
                [.. asked.Select(image => (image, CropBox.Whole(image.Height, image.Width)))], model.ImageHeight, model.ImageWidth).To(device);
            byte[] labels = TensorLabels.Upsample(oracle.Score(batch.Images), model.ImageHeight, model.ImageWidth);
            for (int i = 0; i < part.Length; i++)
                labels.AsSpan(i * asked[i].Mask.Length, asked[i].Mask.Length).CopyTo((answers[part[i]] = asked[i]).Mask);
        }
        return answers;
    }

    // Of the network's size, so that ten thousand do not take more memory than they have to.
    private static LabeledImage Cut(LabeledImage image, RandomResizedCrop crop, Random random, ModelDescription model)
    {
        CropBox box = crop.Draw(image.Height, image.Width, random, mirror: false);
        PixelSpan part = new PixelSpan(image.Rgb, image.Height, image.Width).Part(box.Top, box.Left, box.Height, box.Width);
        int pixels = model.ImageHeight * model.ImageWidth;
        float[] resized = new float[3 * pixels];
        AntialiasedResizer.Resize(part, resized, model.ImageHeight, model.ImageWidth);
        return new LabeledImage(Array.ConvertAll(resized, value => (byte)Math.Clamp(MathF.Round(value), 0, 255)), new byte[pixels], model.ImageHeight, model.ImageWidth);
    }
}
