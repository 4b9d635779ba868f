using Microsoft.ML.Data;
using SkiaSharp;

namespace ServiceTests.Service;

/// <summary>One service for all tests that only ask: the shared model in demo mode, so that it answers without the key, too.</summary>
public sealed class RunningService : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly TrainedModel _model = new();
    private ServiceProcess? _process;

    public HttpClient Client => _process!.Client;

    public string Output => _process!.Output;

    /// <summary>A PNG file of an image that the model knows, at its own size, so that nothing is resized.</summary>
    public byte[] ImageFile { get; private set; } = [];

    /// <summary>What the pipeline of ML.NET predicts for it: key values, and probabilities.</summary>
    public byte[] Labels { get; private set; } = [];

    public float[] Scores { get; private set; } = [];

    public async Task InitializeAsync()
    {
        string demo = Directory.CreateDirectory(_folder.At("service-demo")).FullName;
        File.Copy(_model.ModelPath, Path.Combine(demo, "model.zip"));
        _model.Key.Save(Path.Combine(demo, "key.pem"));
        PatchRow row = ColorPatches.Create(19, seed: 4)[1];
        ImageFile = Png(row.Image);
        Labels = _model.LabelsOf(_model.Transformer)[1];
        Scores = _model.ScoresOf(_model.Transformer)[1];
        _process = await ServiceProcess.Start(_folder.Root, ("Service__RequestsPerMinute", "100000"), ("Service__MaximumBytes", "200000"), ("Service__MaximumPixels", "1000000"));
        await _process.Ready();
    }

    public Task DisposeAsync()
    {
        _process?.Dispose();
        _model.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    public static byte[] Png(MLImage image)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        System.Runtime.InteropServices.Marshal.Copy(image.Pixels.ToArray(), 0, bitmap.GetPixels(), image.Pixels.Length);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
