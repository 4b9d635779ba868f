using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>A network that this library has exported: images of bytes as floats in, scores at the size of the last map out.</summary>
/// <param name="session">Runs the graph that was built of its weights.</param>
/// <param name="model">What its file says of it.</param>
internal sealed class ExportedNetwork(InferenceSession session, ModelDescription model) : OnnxNetwork(session)
{
    public override IReadOnlyList<string> ClassNames => model.ClassNames;

    public override int ImageHeight => model.ImageHeight;

    public override int ImageWidth => model.ImageWidth;

    public override int MostImages => model.ScoresResizedImages ? Array.MaxLength / InputSize : int.MaxValue;

    public override FeatureMaps FeatureMaps => model.FeatureMaps;

    public override ScoringMode ScoringMode => model.ScoringMode;

    public override TestTimeAugmentation TestTimeAugmentation => model.TestTimeAugmentation;

    private int InputSize => ImageHeight * ImageWidth * 3;

    protected override IReadOnlyList<byte[,]> Segment(InferenceSession session, IReadOnlyList<ImagePixels> images) => model.ScoresResizedImages
        ? SegmentResized(session, images)
        : [.. images.Select(image => SegmentWindows(session, image))];

    private byte[][,] SegmentResized(InferenceSession session, IReadOnlyList<ImagePixels> images)
    {
        float[] batch = new float[images.Count * InputSize];
        for (int i = 0; i < images.Count; i++)
            images[i].Resize(batch.AsSpan(i * InputSize, InputSize), ImageHeight, ImageWidth);
        int stride = model.Layout.Output.Stride, pixels = ImageHeight * ImageWidth;
        byte[] labels = LabelUpsampler.Upsample(
            Score(session, batch, images.Count), images.Count, ImageHeight / stride, ImageWidth / stride, ClassNames.Count, ImageHeight, ImageWidth);
        MaskLabels.ToClasses(labels, labels);
        return [.. Enumerable.Range(0, images.Count).Select(i => ToMask(labels.AsSpan(i * pixels, pixels), ImageHeight, ImageWidth))];
    }

    private byte[,] SegmentWindows(InferenceSession session, ImagePixels image)
    {
        var windows = new WindowedImage(model, image.Height, image.Width, image.Rows, (images, count) => Score(session, images, count));
        byte[,] mask = new byte[windows.Height, windows.Width];
        Span<byte> labels = System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref mask[0, 0], mask.Length);
        windows.Run(labels);
        MaskLabels.ToClasses(labels, labels);
        return mask;
    }

    private float[] Score(InferenceSession session, float[] images, int count)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * InputSize), [count, ImageHeight, ImageWidth, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
