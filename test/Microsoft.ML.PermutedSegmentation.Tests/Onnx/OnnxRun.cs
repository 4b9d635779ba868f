using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Runs exported graphs as any program with ONNX Runtime would.</summary>
internal static class OnnxRun
{
    /// <summary>The protected form of a network's state.</summary>
    public static Dictionary<string, Tensor> Protect(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> plain, IReadOnlyDictionary<FeatureMaps, int[]> permutations)
    {
        var protection = new WeightProtection(layout, permutations);
        return plain.ToDictionary(entry => entry.Key, entry => protection.Protect(entry.Key, entry.Value));
    }

    public static OnnxWeights Weights(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> state, WeightProtection? undo = null) =>
        new(FoldedWeights.Of(layout, name => MemoryMarshal.Cast<byte, float>(state[name].bytes)), undo);

    public static InferenceSession Session(GraphProto graph) => new(Model(graph).ToByteArray());

    public static ModelProto Model(GraphProto graph) => new()
    {
        IrVersion = GraphBuilder.FormatVersion,
        Graph = graph,
        OpsetImport = { new OperatorSetIdProto { Version = GraphBuilder.OperatorSet } },
    };

    public static Dictionary<string, long[]> Inputs(IReadOnlyDictionary<FeatureMaps, int[]> permutations) => permutations.ToDictionary(
        entry => $"permutation_{entry.Key.Number()}", entry => Array.ConvertAll(entry.Value, channel => (long)channel));

    /// <summary>All outputs of a session for images of bytes.</summary>
    public static Dictionary<string, OrtValue> Run(this InferenceSession session, byte[] images, long[] shape, IReadOnlyDictionary<string, long[]> permutations)
    {
        using var image = OrtValue.CreateTensorValueFromMemory(images, shape);
        var inputs = permutations.ToDictionary(entry => entry.Key, entry => OrtValue.CreateTensorValueFromMemory(entry.Value, [entry.Value.Length]));
        inputs["image"] = image;
        using var options = new RunOptions();
        var outputs = session.Run(options, inputs, session.OutputNames);
        return session.OutputNames.Zip(outputs).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    public static Tensor ToTensor(this OrtValue value) => tensor(value.GetTensorDataAsSpan<float>().ToArray(), value.GetTensorTypeAndShape().Shape);

    /// <summary>What the library makes of the same images: normalised floats, resized if another size is given.</summary>
    public static Tensor Normalize(byte[] images, int count, int height, int width, int? newHeight = null, int? newWidth = null)
    {
        Tensor batch = ImageTensors.CreateBatch(count, newHeight ?? height, newWidth ?? width);
        for (int i = 0; i < count; i++)
            ImageTensors.Write(batch, i, new PixelSpan(images.AsSpan(i * height * width * 3, height * width * 3), height, width), CropBox.Whole(height, width));
        return batch;
    }
}
