using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace PublicTests.TorchTrainers;

/// <summary>A row that ML.NET's object detector learns from: an image, its objects' names, and four numbers for each.</summary>
internal sealed class DetectionRow
{
    [ImageType(ColorPatches.Size, ColorPatches.Size)]
    public MLImage Image { get; set; } = null!;

    public string[] Label { get; set; } = [];

    public float[] BoundingBoxes { get; set; } = [];

    public static IDataView View(MLContext mlContext, int count) => mlContext.Data.LoadFromEnumerable(ColorPatches.Create(count).Select((row, i) => new DetectionRow
    {
        Image = row.Image,
        Label = [i % 2 == 0 ? "red" : "green"],
        BoundingBoxes = [4, 4, 20, 20],
    }));
}
