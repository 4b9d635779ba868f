using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Protection;
using Microsoft.ML.PermutedSegmentation.Quantization;
using Microsoft.ML.PermutedSegmentation.Running;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Turns the folded weights of a network into 8 bits, by what its maps hold when it runs on images.</summary>
internal static class NetworkQuantizer
{
    /// <summary>The tensors of a file: protected, if the weights are, in the same order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weights">Its folded weights, as its file holds them.</param>
    /// <param name="images">What it runs on.</param>
    /// <exception cref="ArgumentException">There is no image, or one is null or transparent.</exception>
    /// <exception cref="InvalidOperationException">The model is protected and not unlocked with its key; or it computes no numbers.</exception>
    public static IReadOnlyDictionary<string, TensorProto> Quantize(ModelContents model, IReadOnlyDictionary<string, TensorProto> weights, IEnumerable<MLImage> images)
    {
        ModelDescription description = model.Description;
        if (description.IsProtected && model.Protection is null)
            throw new InvalidOperationException("To be quantized, this model must run as it does with its key, and it is locked, or unlocked with another key. Unlock it with mlContext.Segmentation().Unlock(model, key).");
        return Quantize(description, description.Layout, weights, model.Protection, images);
    }

    /// <summary>The same of any table of layers.</summary>
    /// <param name="model">How images are scored.</param>
    /// <param name="layout">The network.</param>
    /// <param name="weights">Its folded weights.</param>
    /// <param name="protection">What makes plain weights of them; null if they are plain.</param>
    /// <param name="images">What it runs on.</param>
    internal static IReadOnlyDictionary<string, TensorProto> Quantize(
        ModelDescription model, NetworkLayout layout, IReadOnlyDictionary<string, TensorProto> weights, WeightProtection? protection, IEnumerable<MLImage> images)
    {
        (GraphProto graph, IReadOnlyList<string> places, Func<Convolution, string> placeBefore) =
            NetworkGraph.ForCalibration(layout, model.ImageHeight, model.ImageWidth, new OnnxWeights(weights, protection));
        using var calibration = new Calibration(OnnxFile.CreateModel(graph, model).ToByteArray(), model, places);
        foreach (MLImage image in images)
            calibration.Add(new ImagePixels(RgbPixels.RequireStraightColors(image, calibration.ImageCount, "options")));
        if (calibration.ImageCount == 0)
            throw new ArgumentException("OnnxExportOptions.Int8 has no images: at least one is needed, and better some ten, like those that the model will see.", "options");
        return Quantize(layout, weights, calibration.Ranges, placeBefore);
    }

    private static Dictionary<string, TensorProto> Quantize(
        NetworkLayout layout, IReadOnlyDictionary<string, TensorProto> weights, IReadOnlyDictionary<string, ActivationRange> seen, Func<Convolution, string> placeBefore)
    {
        var ranges = new Dictionary<string, ActivationRange>(seen);
        foreach (Convolution convolution in layout.Convolutions.Where(convolution => ranges.ContainsKey(convolution.Name)))
            ranges[convolution.Name] = Matters(convolution, ranges[convolution.Name]);
        var result = new Dictionary<string, TensorProto>();
        foreach ((string place, ActivationRange range) in ranges)
            Add(QuantizedTensors.Of(place, range));
        foreach (Convolution convolution in layout.Convolutions)
        {
            TensorProto weight = weights[$"{convolution.Name}.weight"], bias = weights[$"{convolution.Name}.bias"];
            Add(convolution.IsClassifier ? [weight, bias] : QuantizedTensors.Of(convolution, weight, bias, ranges[placeBefore(convolution)].Scale));
        }
        return result;

        void Add(IEnumerable<TensorProto> tensors)
        {
            foreach (TensorProto tensor in tensors)
                result.Add(tensor.Name, tensor);
        }
    }

    // Beyond -3 and 3 the hard functions are flat.
    private static ActivationRange Matters(Convolution convolution, ActivationRange range) => convolution.Activation switch
    {
        Activation.Hardswish => range.Within(-3, float.MaxValue),
        Activation.Hardsigmoid => range.Within(-3, 3),
        _ => range,
    };
}
