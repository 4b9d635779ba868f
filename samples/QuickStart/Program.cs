using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using QuickStart;
using Spectre.Console;
using Panel = QuickStart.Panel;

var clock = Stopwatch.StartNew();
string output = Directory.CreateDirectory("quickstart-output").FullName;
var mlContext = new MLContext(seed: 1);

// A small data set in the layout of PASCAL VOC: images, masks, and lists of names.
string shapes = Path.Combine(output, "shapes");
ShapesDataset.Create(shapes);
VocFolder folder = VocFolder.Open(shapes);
IDataView train = folder.Load(mlContext, "train"), test = folder.Load(mlContext, "val");

// The secret. A real application keeps it: key.Save("key.pem"), PermutationKey.Load("key.pem").
using PermutationKey key = PermutationKey.Generate();

var pipeline = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath")
    .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", folder.ClassNames))
    .Append(mlContext.Segmentation().Trainers.Permuted(key, new PermutedSegmentationTrainer.Options
    {
        // A finer map than for larger images.
        OutputStride = 8,
        ImageHeight = 64,
        ImageWidth = 64,
        Epochs = 5,
        // From random weights, and for objects of which none is rare.
        LearningRate = 0.003,
        Loss = SegmentationLoss.PlainCrossEntropy,
        Augmentation = new Augmentation { MinimumCropArea = 1 },
        Progress = new ConsoleProgress(),
    }));
ITransformer trained = pipeline.Fit(train);

// The file never holds the key. Anyone who has only the file has a locked model.
string modelPath = Path.Combine(output, "model.zip");
mlContext.Model.Save(trained, train.Schema, modelPath);
ITransformer noKey = mlContext.Model.Load(modelPath, out _);
ITransformer correctKey = mlContext.Segmentation().Unlock(noKey, key, verify: true);
using PermutationKey anotherKey = PermutationKey.Generate();
ITransformer wrongKey = mlContext.Segmentation().Unlock(noKey, anotherKey);

// What the model is worth under each condition.
(string Name, ITransformer Model)[] conditions = [("correct key", correctKey), ("no key", noKey), ("wrong key", wrongKey)];
var table = new Table().AddColumns("condition", "mean IoU", "mean IoU per image", "pixel accuracy");
foreach (var (name, model) in conditions)
{
    SegmentationMetrics metrics = mlContext.Segmentation().Evaluate(model.Transform(test));
    table.AddRow(name, $"{metrics.MeanIntersectionOverUnion:F4}", $"{metrics.MeanImageIntersectionOverUnion:F4}", $"{metrics.PixelAccuracy:F4}");
}
AnsiConsole.Write(table);

// One image at a time, as an application would.
string imagePath = test.GetColumn<string>("ImagePath").First();
using var engine = mlContext.Model.CreatePredictionEngine<Photo, Labels>(correctKey, new PredictionEngineOptions { OwnsTransformer = false });
byte[] labels = engine.Predict(new Photo { ImagePath = imagePath }).PredictedLabel;
var found = labels.GroupBy(label => folder.ClassNames[MaskLabels.ToClass(label)]).OrderByDescending(pixels => pixels.Count());
Console.WriteLine($"{Path.GetFileName(imagePath)}: {string.Join(", ", found.Select(pixels => $"{pixels.Key} {pixels.Count()} pixels"))}");

// The same images under each condition, side by side.
var rows = Enumerable.Range(1, 4).Select(i => mlContext.Data.TakeRows(mlContext.Data.SkipRows(test, i), 1)).Select(image => (Panel[])
[
    Panel.OfImage(image.GetColumn<string>("ImagePath").Single()),
    Panel.OfMask(correctKey.Transform(image).GetColumn<byte[]>("Label").Single(), 64),
    .. conditions.Select(condition => Predict(image, condition.Model)),
]);
string picture = Path.Combine(output, "comparison.png");
ComparisonPicture.Save(picture, ["image", "truth", "correct key", "no key", "wrong key"], [.. rows], folder.ClassNames);
Console.WriteLine($"Picture: {picture}");
Console.WriteLine($"Model:   {modelPath} (locked)");
Console.WriteLine($"Done in {clock.Elapsed.TotalSeconds:F0} s.");

Panel Predict(IDataView image, ITransformer model)
{
    IDataView scored = model.Transform(image);
    double iou = mlContext.Segmentation().Evaluate(scored).MeanImageIntersectionOverUnion;
    return Panel.OfMask(scored.GetColumn<byte[]>("PredictedLabel").Single(), 64, $"IoU {iou:F4}");
}
