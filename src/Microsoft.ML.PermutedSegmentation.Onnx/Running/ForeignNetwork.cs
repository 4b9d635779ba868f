using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>A segmentation network that another program made.</summary>
internal sealed class ForeignNetwork : OnnxNetwork
{
    private readonly ForeignInput _input;
    private readonly ForeignOutput _output;
    private readonly bool _masksOfImageSize;

    /// <param name="session">The network; this object's from now on, unless an exception is thrown.</param>
    /// <param name="options">What cannot be found from it.</param>
    /// <exception cref="InvalidOperationException">Something is missing in the options, or is not so.</exception>
    public ForeignNetwork(InferenceSession session, OnnxModelOptions options)
        : base(session)
    {
        _input = new ForeignInput(session, options);
        (string output, _) = ForeignInput.Choose(session.OutputMetadata, options.OutputName, "output", nameof(options.OutputName));
        _masksOfImageSize = options.MasksOfImageSize;
        // Graphs often do not say how large what they give is.
        using OrtValue value = Run(session, new float[InputSize], output);
        _output = new ForeignOutput(output, value, (ImageHeight, ImageWidth), options);
    }

    public override IReadOnlyList<string> ClassNames => _output.ClassNames;

    public override bool HasProbabilities => !_output.HasLabels;

    public override int ImageHeight => _input.ImageHeight;

    public override int ImageWidth => _input.ImageWidth;

    private int InputSize => checked(ImageHeight * ImageWidth * 3);

    protected override ScoredImage Score(InferenceSession session, ImagePixels image, bool withProbabilities)
    {
        float[] pixels = new float[InputSize];
        image.Resize(pixels, ImageHeight, ImageWidth);
        using OrtValue value = Run(session, pixels, _output.Name);
        (int height, int width) = MaskSizeOf(image);
        return _output.Read(value, height, width, withProbabilities);
    }

    protected override (int Height, int Width) MaskSizeOf(ImagePixels image) => _masksOfImageSize ? (image.Height, image.Width) : (ImageHeight, ImageWidth);

    private OrtValue Run(InferenceSession session, float[] pixels, string output)
    {
        using OrtValue input = _input.Create(pixels);
        using var options = new RunOptions();
        return session.Run(options, [_input.Name], [input], [output])[0];
    }
}
