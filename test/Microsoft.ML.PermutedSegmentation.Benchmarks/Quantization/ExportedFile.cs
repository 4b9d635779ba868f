using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Quantization;

/// <summary>An exported model, in OnnxSegmenter and in a session as any program opens it.</summary>
internal sealed class ExportedFile : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".onnx");
    private readonly OnnxSegmenter _segmenter;
    private readonly InferenceSession _session;
    private readonly Dictionary<string, OrtValue> _inputs;

    public ExportedFile(MLContext mlContext, ITransformer model, PermutationKey? key, OnnxExportOptions options)
    {
        using (FileStream stream = File.Create(_path))
            mlContext.Segmentation().ExportToOnnx(model, stream, options);
        Size = new FileInfo(_path).Length;
        _segmenter = OnnxSegmenter.Load(_path, key);
        _session = new InferenceSession(_path);
        _inputs = (key?.GetOnnxInputs(_session.ModelMetadata.CustomMetadataMap) ?? new Dictionary<string, long[]>())
            .ToDictionary(input => input.Key, input => OrtValue.CreateTensorValueFromMemory(input.Value, [input.Value.Length]));
    }

    /// <summary>The file's length in bytes.</summary>
    public long Size { get; }

    /// <summary>On the validation images of a data set, as <c>permseg evaluate</c> has it.</summary>
    public double MeanIntersectionOverUnion(MLContext mlContext, SegmentationData data, PermutationKey? key)
    {
        SegmentationTransformsCatalog transforms = mlContext.Segmentation().Transforms;
        IDataView rows = data.Load(mlContext, data.ValidationList!);
        var pipeline = transforms.LoadImages("Image", null, "ImagePath").Append(transforms.LoadMasks("Label", null, "MaskPath", data.ClassNames, data.Palette))
            .Append(transforms.ApplyProtectedOnnx(_path, key));
        using TransformerChain<ProtectedOnnxTransformer> model = pipeline.Fit(rows);
        return mlContext.Segmentation().Evaluate(model.Transform(rows)).MeanIntersectionOverUnion;
    }

    /// <summary>The share of the pixels of some images that have the same label in another file.</summary>
    public double AgreementWith(ExportedFile other, IEnumerable<string> paths) => paths.Average(path =>
    {
        using MLImage image = ImageFile.Load(path);
        return _segmenter.Segment(image).Cast<byte>().Zip(other._segmenter.Segment(image).Cast<byte>()).Average(pair => pair.First == pair.Second ? 1.0 : 0);
    });

    /// <summary>Seconds per image, one after the other, from pixels to labels.</summary>
    public (double Segmenter, double Session) Time(IReadOnlyList<MLImage> images)
    {
        var clock = Stopwatch.StartNew();
        foreach (MLImage image in images)
            _segmenter.Segment(image);
        double segmenter = clock.Elapsed.TotalSeconds / images.Count;
        byte[][] pixels = [.. images.Select(RgbPixels.From)];
        using var options = new RunOptions();
        clock.Restart();
        for (int i = 0; i < images.Count; i++)
        {
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels[i], [1, images[i].Height, images[i].Width, 3]);
            var inputs = new Dictionary<string, OrtValue>(_inputs) { ["image"] = image };
            _session.Run(options, inputs, ["labels"]).Dispose();
        }
        return (segmenter, clock.Elapsed.TotalSeconds / images.Count);
    }

    public void Dispose()
    {
        foreach (OrtValue input in _inputs.Values)
            input.Dispose();
        _session.Dispose();
        _segmenter.Dispose();
        File.Delete(_path);
    }
}
