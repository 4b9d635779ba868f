using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.PermutedSegmentation.Running;

namespace Microsoft.ML.PermutedSegmentation.Quantization;

/// <summary>Finds the ranges of a network's values by running it on images, in the memory that scoring takes.</summary>
/// <param name="graph">An ONNX model: images of floats in; out <see cref="Scores"/>, and the least and the largest value of each place, batch by batch.</param>
/// <param name="model">How images are scored.</param>
/// <param name="places">The names of the places.</param>
internal sealed class Calibration(byte[] graph, ModelDescription model, IReadOnlyList<string> places) : IDisposable
{
    /// <summary>The names of the graph's input and outputs.</summary>
    public const string Images = "image", Scores = "scores", Least = "ranges/least", Largest = "ranges/largest";

    private readonly InferenceSession _session = new(graph);
    private readonly ActivationRange[] _ranges = new ActivationRange[places.Count];

    /// <summary>How many images were seen.</summary>
    public int ImageCount { get; private set; }

    /// <summary>What was seen in each place.</summary>
    public IReadOnlyDictionary<string, ActivationRange> Ranges => places.Zip(_ranges).ToDictionary(pair => pair.First, pair => pair.Second);

    /// <summary>Runs the network on an image as it is scored: resized, by windows, or several times.</summary>
    /// <exception cref="InvalidOperationException">The network computes something that is no number, or far too large.</exception>
    public void Add(ImagePixels image)
    {
        if (model.ScoresResizedImages)
        {
            float[] pixels = new float[model.ImageHeight * model.ImageWidth * 3];
            image.Resize(pixels, model.ImageHeight, model.ImageWidth);
            Run(pixels, 1);
        }
        else
        {
            var windows = new WindowedImage(model, image.Height, image.Width, image.Source, (images, count) => Run(images, count));
            windows.Run(new byte[checked(windows.Height * windows.Width)]);
        }
        ImageCount++;
    }

    public void Dispose() => _session.Dispose();

    private InvalidOperationException NoNumbers(string place) =>
        new($"The network computes values that are no numbers, or too large ('{place}', image {ImageCount}); it cannot be quantized.");

    private float[] Run(float[] images, int count)
    {
        long[] shape = [count, model.ImageHeight, model.ImageWidth, 3];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * model.ImageHeight * model.ImageWidth * 3), shape);
        using var options = new RunOptions();
        using var outputs = _session.Run(options, [Images], [input], [Scores, Least, Largest]);
        ReadOnlySpan<float> least = outputs[1].GetTensorDataAsSpan<float>(), largest = outputs[2].GetTensorDataAsSpan<float>();
        for (int i = 0; i < _ranges.Length; i++)
        {
            _ranges[i] = _ranges[i].With(least[i], largest[i]);
            // Not a number is neither.
            if (!(_ranges[i].Scale <= ActivationRange.LargestScale))
                throw NoNumbers(places[i]);
        }
        float[] scores = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        return float.IsFinite(TensorPrimitives.MaxMagnitude<float>(scores)) ? scores : throw NoNumbers("its scores");
    }
}
