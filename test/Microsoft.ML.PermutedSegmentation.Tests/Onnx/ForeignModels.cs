using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>ONNX models that other programs wrote (make_onnx_fixtures.py), in a folder of their own.</summary>
public sealed class ForeignModels : IDisposable
{
    public const string UNet = "unet.onnx", Transformer = "transformer.onnx", ManyForms = "many-forms.onnx", External = "external.onnx";

    private readonly TempFolder _folder = new();

    public ForeignModels()
    {
        foreach (string name in (string[])[UNet, Transformer, ManyForms, External, "external.bin"])
        {
            using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
            using FileStream file = File.Create(_folder.At(name));
            resource.CopyTo(file);
        }
    }

    public PermutationKey Key { get; } = PermutationKey.FromBytes([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    public PermutationKey OtherKey { get; } = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

    public string At(string name) => _folder.At(name);

    /// <summary>A new name in the folder.</summary>
    public string New() => _folder.At(Path.GetRandomFileName() + ".onnx");

    public string Write(byte[] content)
    {
        string path = New();
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A protected copy.</summary>
    public string Protect(string name, OnnxProtectionOptions? options = null)
    {
        string path = New();
        OnnxProtection.Protect(At(name), path, Key, options);
        return path;
    }

    internal static ModelProto Parse(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));

    /// <summary>What a model gives for an input that follows from its shape, as bytes.</summary>
    public static byte[] Run(InferenceSession session)
    {
        var (name, input) = session.InputMetadata.Single();
        long[] shape = [.. input.Dimensions.Select(length => (long)Math.Max(1, length))];
        long count = shape.Aggregate(1L, (product, length) => product * length);
        float[] values = [.. Enumerable.Range(0, (int)count).Select(i => MathF.Sin(i * 0.37f))];
        using OrtValue value = input.ElementDataType == OnnxRuntime.Tensors.TensorElementType.Float16
            ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, one => (Float16)one), shape)
            : OrtValue.CreateTensorValueFromMemory(values, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [name], [value], session.OutputNames);
        return outputs[0].GetTensorMutableRawData().ToArray();
    }

    public static byte[] Run(string path)
    {
        using var session = new InferenceSession(path);
        return Run(session);
    }

    public static byte[] Run(byte[] model)
    {
        using var session = new InferenceSession(model);
        return Run(session);
    }

    public void Dispose()
    {
        Key.Dispose();
        OtherKey.Dispose();
        _folder.Dispose();
    }
}
