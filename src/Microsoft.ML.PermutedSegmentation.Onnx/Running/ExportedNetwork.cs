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
        : base.Segment(session, images);

    protected override ScoredImage Score(InferenceSession session, ImagePixels image, bool withProbabilities)
    {
        if (!model.ScoresResizedImages)
            return ScoreWindows(session, image, withProbabilities);
        (float[] scores, int rows, int columns) = ScoreResized(session, [image]);
        byte[] labels = LabelUpsampler.Upsample(scores, 1, rows, columns, ClassNames.Count, ImageHeight, ImageWidth);
        float[]? probabilities = withProbabilities
            ? LabelUpsampler.UpsampleProbabilities(scores, areProbabilities: false, rows, columns, ClassNames.Count, ImageHeight, ImageWidth)
            : null;
        return new ScoredImage(labels, probabilities, ImageHeight, ImageWidth);
    }

    protected override (int Height, int Width) MaskSizeOf(ImagePixels image) => ScoringMode == ScoringMode.SlidingWindow ? (image.Height, image.Width) : (ImageHeight, ImageWidth);

    private byte[][,] SegmentResized(InferenceSession session, IReadOnlyList<ImagePixels> images)
    {
        (float[] scores, int rows, int columns) = ScoreResized(session, images);
        byte[] labels = LabelUpsampler.Upsample(scores, images.Count, rows, columns, ClassNames.Count, ImageHeight, ImageWidth);
        int pixels = ImageHeight * ImageWidth;
        return [.. Enumerable.Range(0, images.Count).Select(i => ScoredImage.ToMask(labels.AsSpan(i * pixels, pixels), ImageHeight, ImageWidth))];
    }

    // [N, rows, columns, classes]
    private (float[] Scores, int Rows, int Columns) ScoreResized(InferenceSession session, IReadOnlyList<ImagePixels> images)
    {
        float[] batch = new float[images.Count * InputSize];
        for (int i = 0; i < images.Count; i++)
            images[i].Resize(batch.AsSpan(i * InputSize, InputSize), ImageHeight, ImageWidth);
        int stride = model.Layout.Output.Stride;
        return (Score(session, batch, images.Count), ImageHeight / stride, ImageWidth / stride);
    }

    private ScoredImage ScoreWindows(InferenceSession session, ImagePixels image, bool withProbabilities)
    {
        var windows = new WindowedImage(model, image.Height, image.Width, image.Rows, (images, count) => Score(session, images, count));
        byte[] labels = new byte[checked(windows.Height * windows.Width)];
        float[]? probabilities = withProbabilities ? new float[checked(ClassNames.Count * labels.Length)] : null;
        windows.Run(labels, probabilities);
        return new ScoredImage(labels, probabilities, windows.Height, windows.Width);
    }

    private float[] Score(InferenceSession session, float[] images, int count)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * InputSize), [count, ImageHeight, ImageWidth, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
