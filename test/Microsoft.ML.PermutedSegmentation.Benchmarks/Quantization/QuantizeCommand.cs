using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Quantization;

using Command = System.CommandLine.Command;

/// <summary><c>quantize</c>: a model as ONNX files of floats and of 8 bits, on the validation images of its data set: docs/quantization.md.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { HelpName = "model.zip", Required = true, Description = "The trained model." };
        var key = new Option<string?>("--key") { HelpName = "key.pem", Description = "Its key, if it has one." };
        var data = new Option<string>("--data") { HelpName = "DIR", Required = true, Description = "Its data set." };
        var count = new Option<int>("--calibration") { HelpName = "N", Description = "How many training images are used for calibration.", DefaultValueFactory = _ => 64 };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each is timed, in turn.", DefaultValueFactory = _ => 5 };
        var command = new Command("quantize", "Measures accuracy, size and time of a model in floats and in 8 bits.") { model, key, data, count, rounds };
        command.SetAction(result => Run(result.GetValue(model)!, result.GetValue(key), result.GetValue(data)!, result.GetValue(count), result.GetValue(rounds)));
        return command;
    }

    private static void Run(string modelPath, string? keyPath, string dataPath, int count, int rounds)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var mlContext = new MLContext(seed: 1);
        using PermutationKey? key = keyPath is null ? null : PermutationKey.Load(keyPath);
        ITransformer loaded = mlContext.Model.Load(modelPath, out _), model = key is null ? loaded : mlContext.Segmentation().Unlock(loaded, key, verify: true);
        using SegmentationData data = SegmentationData.Open(dataPath);
        string[] training = Paths(mlContext, data, data.TrainingList!), validation = Paths(mlContext, data, data.ValidationList!);
        int step = Math.Max(1, training.Length / count);
        string[] calibration = [.. training.Where((_, i) => i % step == 0).Take(count)];
        Console.WriteLine($"{calibration.Length} images for calibration, {validation.Length} for validation; {Processor.Description}; medians of {rounds} rounds");
        Console.WriteLine("| | Bytes | Mean IoU | Labels as of floats | OnnxSegmenter, s an image | Bare session, s an image |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        using var plain = new ExportedFile(mlContext, model, key, new OnnxExportOptions());
        using var quantized = new ExportedFile(mlContext, model, key, new OnnxExportOptions { Int8 = OnnxQuantization.FromFiles(calibration) });
        MLImage[] images = [.. validation.Take(10).Select(path => ImageFile.Load(path))];
        var times = new[] { plain, quantized }.ToDictionary(file => file, _ => new List<(double Segmenter, double Session)>());
        for (int round = 0; round <= rounds; round++)
        {
            foreach (ExportedFile file in times.Keys)
                times[file].Add(file.Time(images));
        }
        foreach ((string name, ExportedFile file) in new[] { ("floats", plain), ("8 bits", quantized) })
        {
            // The first round is for warming up.
            double segmenter = Statistic.Of(times[file].Skip(1).Select(time => time.Segmenter)).Median, session = Statistic.Of(times[file].Skip(1).Select(time => time.Session)).Median;
            Console.WriteLine($"| {name} | {file.Size:N0} | {file.MeanIntersectionOverUnion(mlContext, data, key):F4} | {file.AgreementWith(plain, validation):P2} | {segmenter:F4} | {session:F4} |");
        }
        foreach (MLImage image in images)
            image.Dispose();
    }

    private static string[] Paths(MLContext mlContext, SegmentationData data, string list) => [.. data.Load(mlContext, list, masks: false).GetColumn<string>("ImagePath")];
}
