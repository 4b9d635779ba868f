using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

// Trains and saves a model, or loads, unlocks and uses it: "train FOLDER" and, in another process, "predict FOLDER".
if (args is not [var command, var folder])
    return 2;
var mlContext = new MLContext(seed: 1);
string model = Path.Combine(folder, "model.zip"), keyFile = Path.Combine(folder, "key.pem"), image = Path.Combine(folder, "0.png");
try
{
    if (command == "train")
    {
        using var key = PermutationKey.Generate();
        key.Save(keyFile);
        string[] classes = ["left", "right"];
        Photo[] photos = [.. Enumerable.Range(0, 10).Select(Draw)];
        var rows = mlContext.Data.LoadFromEnumerable(photos);
        var pipeline = mlContext.Segmentation().Transforms.LoadImages("Image", folder, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", folder, "MaskPath", classes))
            .Append(mlContext.Segmentation().Trainers.Permuted(key, new PermutedSegmentationTrainer.Options { ImageHeight = 32, ImageWidth = 32, Epochs = 30 }));
        mlContext.Model.Save(pipeline.Fit(rows), rows.Schema, model);
        Console.WriteLine("trained");
    }
    else
    {
        using var key = PermutationKey.Load(keyFile);
        var unlocked = mlContext.Segmentation().Unlock(mlContext.Model.Load(model, out _), key, verify: true);
        using var engine = mlContext.Model.CreatePredictionEngine<Photo, Labels>(unlocked);
        byte[] labels = engine.Predict(new Photo { ImagePath = Path.GetFullPath(image) }).PredictedLabel;
        Console.WriteLine(string.Join(" ", labels.CountBy(label => label).OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value}")));
    }
    return 0;
}
catch (Exception exception)
{
    for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        Console.WriteLine($"{cause.GetType().Name}: {cause.Message}");
    return 1;
}

// Dark on the left, bright on the right, and where.
Photo Draw(int number)
{
    const int size = 32;
    int border = 8 + number;
    byte[] pixels = new byte[size * size * 4], mask = new byte[size * size];
    for (int i = 0; i < size * size; i++)
    {
        bool isRight = i % size >= border;
        pixels.AsSpan(i * 4, 3).Fill((byte)((isRight ? 200 : 40) + i * 7 % 20));
        pixels[i * 4 + 3] = 255;
        mask[i] = (byte)(isRight ? 2 : 1);
    }
    using MLImage picture = MLImage.CreateFromPixels(size, size, MLPixelFormat.Rgba32, pixels);
    picture.Save(Path.Combine(folder, $"{number}.png"));
    MaskFile.Save(Path.Combine(folder, $"{number}-mask.png"), mask, size, size);
    return new Photo { ImagePath = $"{number}.png", MaskPath = $"{number}-mask.png" };
}

public sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";
}

public sealed class Labels
{
    public byte[] PredictedLabel { get; set; } = [];
}
