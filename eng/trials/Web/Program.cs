using Microsoft.ML.PermutedSegmentation;

// Answers POST / with an image by how many pixels it gave each label. Arguments: the folder of the model, and the address; the key is a setting.
var builder = WebApplication.CreateSlimBuilder();
builder.Services.AddSegmentation(options =>
{
    options.ModelPath = Path.Combine(args[0], "model.zip");
    options.Load = (path, key) => TorchSegmenter.Load(path, key);
    options.Key = services => services.GetRequiredService<IConfiguration>().GetPermutationKey("Segmentation:Key");
});
var app = builder.Build();
app.Urls.Add(args[1]);
app.MapHealthChecks("/health");
app.MapPost("/", async (HttpRequest request, ISegmenter segmenter, CancellationToken cancelled) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body, cancelled);
    using var image = ImageFile.Load(body.ToArray(), "image");
    byte[] labels = (await segmenter.SegmentAsync(image, cancellationToken: cancelled)).Labels;
    return string.Join(" ", labels.CountBy(label => label).OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value}"));
});
app.Run();
