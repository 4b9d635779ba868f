using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Quantization;

using Command = System.CommandLine.Command;

/// <summary><c>precision</c>: a model scoring in floats of 32 bits and in bfloat16, on the validation images of its data set.</summary>
internal static class PrecisionCommand
{
    private const int TimedImages = 10;

    public static Command Create()
    {
        var model = new Option<string>("--model") { HelpName = "model.zip", Required = true, Description = "The trained model." };
        var key = new Option<string?>("--key") { HelpName = "key.pem", Description = "Its key, if it has one." };
        var data = new Option<string>("--data") { HelpName = "DIR", Required = true, Description = "Its data set." };
        var count = new Option<int>("--calibration") { HelpName = "N", Description = "By how many training images ScoringPrecision.Auto decides.", DefaultValueFactory = _ => 8 };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each is timed, in turn.", DefaultValueFactory = _ => 5 };
        var command = new Command("precision", "Measures labels, accuracy and time of a model in 32 bits and in bfloat16.") { model, key, data, count, rounds };
        command.SetAction(result => Run(result.GetValue(model)!, result.GetValue(key), result.GetValue(data)!, result.GetValue(count), result.GetValue(rounds)));
        return command;
    }

    private static void Run(string modelPath, string? keyPath, string dataPath, int count, int rounds)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var mlContext = new MLContext(seed: 1);
        SegmentationCatalog catalog = mlContext.Segmentation();
        using PermutationKey? key = keyPath is null ? null : PermutationKey.Load(keyPath);
        ITransformer loaded = mlContext.Model.Load(modelPath, out _);
        PermutedSegmentationTransformer single = catalog.GetSegmenter(key is null ? loaded : catalog.Unlock(loaded, key, verify: true));
        using PermutedSegmentationTransformer small = catalog.WithPrecision(single, ScoringPrecision.BFloat16);
        using SegmentationData data = SegmentationData.Open(dataPath);
        MLImage[] calibration = Images(mlContext, data, data.TrainingList!, count), timed = Images(mlContext, data, data.ValidationList!, TimedImages);
        var times = new[] { single, small }.ToDictionary(model => model, _ => new List<double>());
        for (int round = 0; round <= rounds; round++)
        {
            foreach (PermutedSegmentationTransformer model in times.Keys)
                times[model].Add(Time(mlContext, model, timed));
        }
        byte[][] expected = Labels(mlContext, data, single), actual = Labels(mlContext, data, small);
        var between = new SegmentationEvaluator(data.ClassNames);
        between.AddImages(expected, [.. actual.SelectMany(labels => labels)]);
        SegmentationMetrics same = between.ToMetrics();
        using PermutedSegmentationTransformer chosen = catalog.WithPrecision(single, ScoringPrecision.Auto, calibration);

        Console.WriteLine($"{expected.Length} validation images; {Processor.Description}; medians of {rounds} rounds of {timed.Length} images");
        Console.WriteLine("| | Mean IoU | s an image |");
        Console.WriteLine("|---|---:|---:|");
        foreach (PermutedSegmentationTransformer model in times.Keys)
            Console.WriteLine($"| {model.Precision} | {MeanIntersectionOverUnion(mlContext, data, model):F4} | {Statistic.Of(times[model].Skip(1)).Median:F4} |");
        Console.WriteLine($"Same labels: {same.PixelAccuracy:P3} of the pixels; mean IoU of the masks of both {same.MeanIntersectionOverUnion:F4}. Auto chose {chosen.Precision} by {calibration.Length} images.");
    }

    private static MLImage[] Images(MLContext mlContext, SegmentationData data, string list, int count) =>
        [.. data.Load(mlContext, list, masks: false).GetColumn<string>("ImagePath").Take(count).Select(path => ImageFile.Load(path))];

    private static double Time(MLContext mlContext, PermutedSegmentationTransformer model, MLImage[] images)
    {
        IDataView rows = mlContext.Data.LoadFromEnumerable(images.Select(image => new ImageRow { Image = image }));
        long start = Stopwatch.GetTimestamp();
        _ = model.Transform(rows).GetColumn<VBuffer<byte>>(model.PredictedLabelColumnName).Count();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / images.Length;
    }

    private static byte[][] Labels(MLContext mlContext, SegmentationData data, PermutedSegmentationTransformer model) =>
        [.. Scored(mlContext, data, model).GetColumn<VBuffer<byte>>(model.PredictedLabelColumnName).Select(labels => labels.DenseValues().ToArray())];

    private static double MeanIntersectionOverUnion(MLContext mlContext, SegmentationData data, PermutedSegmentationTransformer model) =>
        mlContext.Segmentation().Evaluate(Scored(mlContext, data, model)).MeanIntersectionOverUnion;

    private static IDataView Scored(MLContext mlContext, SegmentationData data, PermutedSegmentationTransformer model)
    {
        SegmentationTransformsCatalog transforms = mlContext.Segmentation().Transforms;
        IDataView rows = data.Load(mlContext, data.ValidationList!);
        var loading = transforms.LoadImages("Image", null, "ImagePath").Append(transforms.LoadMasks("Label", null, "MaskPath", data.ClassNames, data.Palette));
        return model.Transform(loading.Fit(rows).Transform(rows));
    }

    private sealed class ImageRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(1, 1)]
        public MLImage Image { get; set; } = null!;
    }
}
