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

    // Those that are resized run together.
    protected override IReadOnlyList<ScoredImage> Score(InferenceSession session, IReadOnlyList<ImagePixels> images, bool withProbabilities) => model.ScoresResizedImages
        ? ScoreResized(session, images, withProbabilities)
        : base.Score(session, images, withProbabilities);

    // By windows.
    protected override ScoredImage Score(InferenceSession session, ImagePixels image, bool withProbabilities)
    {
        var windows = new WindowedImage(model, image.Height, image.Width, image.Source, (images, count) => Score(session, images, count));
        byte[] labels = new byte[checked(windows.Height * windows.Width)];
        float[]? probabilities = withProbabilities ? new float[checked(ClassNames.Count * labels.Length)] : null;
        windows.Run(labels, probabilities);
        return new ScoredImage(labels, probabilities, windows.Height, windows.Width);
    }

    protected override (int Height, int Width) MaskSizeOf(ImagePixels image) => ScoringMode == ScoringMode.SlidingWindow ? (image.Height, image.Width) : (ImageHeight, ImageWidth);

    private ScoredImage[] ScoreResized(InferenceSession session, IReadOnlyList<ImagePixels> images, bool withProbabilities)
    {
        float[] batch = new float[images.Count * InputSize];
        for (int i = 0; i < images.Count; i++)
            images[i].Resize(batch.AsSpan(i * InputSize, InputSize), ImageHeight, ImageWidth);
        int rows = ImageHeight / model.Layout.Output.Stride, columns = ImageWidth / model.Layout.Output.Stride;
        float[] scores = Score(session, batch, images.Count);
        byte[] labels = LabelUpsampler.Upsample(scores, images.Count, rows, columns, ClassNames.Count, ImageHeight, ImageWidth);
        int pixels = ImageHeight * ImageWidth, size = rows * columns * ClassNames.Count;
        return [.. Enumerable.Range(0, images.Count).Select(i => new ScoredImage(
            labels.AsSpan(i * pixels, pixels).ToArray(),
            withProbabilities
                ? LabelUpsampler.UpsampleProbabilities(scores.AsSpan(i * size, size), areProbabilities: false, rows, columns, ClassNames.Count, ImageHeight, ImageWidth)
                : null,
            ImageHeight, ImageWidth))];
    }

    // [N, rows, columns, classes]
    private float[] Score(InferenceSession session, float[] images, int count)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * InputSize), [count, ImageHeight, ImageWidth, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
