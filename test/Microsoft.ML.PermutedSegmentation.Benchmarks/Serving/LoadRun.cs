using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Serving;

/// <summary>What clients saw.</summary>
/// <param name="PerSecond">Images a second.</param>
/// <param name="Median">Of the milliseconds from a request to its answer.</param>
/// <param name="Percentile99">The same of all but one in a hundred.</param>
/// <param name="Bound">What a queue of all other clients allows: (clients / batch + 1) batches, of the longest time that a batch took.</param>
/// <param name="MeanBatch">Images that ran together.</param>
internal sealed record LoadResult(double PerSecond, double Median, double Percentile99, double Bound, double MeanBatch);

/// <summary>One network, served and alone.</summary>
internal sealed class LoadRun : IAsyncDisposable
{
    public const int Batch = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("serve-").FullName;
    private readonly MLImage _image;
    private readonly ServiceProvider _services;
    private readonly ISegmenter _segmenter;
    private readonly TorchSegmenter _alone;

    public LoadRun(int size)
    {
        string path = Path.Combine(_folder, "model.zip");
        var context = new MLContext();
        using (var model = new PermutedSegmentationTransformer(context, RandomModel.Create(Backbone.ResNet18, 8, size, 21, FeatureMaps.None)))
            context.Model.Save(model, inputSchema: null, path);
        byte[] pixels = new byte[4 * size * size];
        new Random(1).NextBytes(pixels);
        for (int alpha = 3; alpha < pixels.Length; alpha += 4)
            pixels[alpha] = 255;
        _image = MLImage.CreateFromPixels(size, size, MLPixelFormat.Bgra32, pixels);
        _alone = TorchSegmenter.Load(path);
        var services = new ServiceCollection();
        services.AddSegmentation(options => (options.ModelPath, options.Load, options.MaximumBatchSize) = (path, (file, key) => TorchSegmenter.Load(file, key), Batch));
        _services = services.BuildServiceProvider();
        _segmenter = _services.GetRequiredService<ISegmenter>();
        SpinWait.SpinUntil(() => _segmenter.Model is not null);
    }

    /// <summary>Images a second of the batch scorer that pipelines of ML.NET use.</summary>
    public double Bare(int images)
    {
        SegmentationModel model = _alone.Transformer.Model;
        var scorer = new BatchScorer(model, _alone.Transformer.Device);
        using var batch = new ImageBatch(model, Batch, _alone.Transformer.Device);
        VBuffer<byte> labels = default;
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < images; done += Batch)
        {
            batch.Clear();
            for (int i = 0; i < Batch; i++)
                batch.Add(_image);
            scorer.Run(batch);
            for (int i = 0; i < Batch; i++)
                scorer.GetLabels(i, ref labels);
        }
        return images / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Each client sends a request, waits for its answer, and sends the next one.</summary>
    public async Task<LoadResult> Served(int clients, int requests)
    {
        var milliseconds = new ConcurrentBag<double>();
        var batches = new ConcurrentBag<(double Milliseconds, int Size)>();
        int sent = 0;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref sent) <= requests)
            {
                long asked = Stopwatch.GetTimestamp();
                SegmentedImage answer = await _segmenter.SegmentAsync(_image);
                milliseconds.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                batches.Add((answer.Scoring.TotalMilliseconds, answer.BatchSize));
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double[] sorted = [.. milliseconds.Order()];
        double bound = (Math.Ceiling((double)clients / Batch) + 1) * batches.Max(batch => batch.Milliseconds);
        return new LoadResult(requests / seconds, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100], bound, 1 / batches.Average(batch => 1.0 / batch.Size));
    }

    /// <summary>The process's memory.</summary>
    public static long ResidentMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 >> 20;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _alone.Dispose();
        _image.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
