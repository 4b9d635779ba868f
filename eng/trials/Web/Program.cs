using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

// Answers POST / with an image by how many pixels it gave each label. Arguments: the folder of the model and the key, and the address.
var mlContext = new MLContext();
using var key = PermutationKey.Load(Path.Combine(args[0], "key.pem"));
using var segmenter = (IDisposable)mlContext.Segmentation().Unlock(mlContext.Model.Load(Path.Combine(args[0], "model.zip"), out _), key, verify: true);
var gate = new Lock();
using var engine = mlContext.Model.CreatePredictionEngine<Photo, Labels>((ITransformer)segmenter, new PredictionEngineOptions { OwnsTransformer = false });
var app = WebApplication.CreateSlimBuilder().Build();
app.Urls.Add(args[1]);
app.MapPost("/", async (HttpRequest request) =>
{
    string file = Path.GetTempFileName();
    await using (var stream = File.Create(file))
        await request.Body.CopyToAsync(stream);
    lock (gate)
    {
        byte[] labels = engine.Predict(new Photo { ImagePath = file }).PredictedLabel;
        return string.Join(" ", labels.CountBy(label => label).OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value}"));
    }
});
app.Run();

public sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";
}

public sealed class Labels
{
    public byte[] PredictedLabel { get; set; } = [];
}
