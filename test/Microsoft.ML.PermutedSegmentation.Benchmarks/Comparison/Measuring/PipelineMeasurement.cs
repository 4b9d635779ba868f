using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>The whole way from JPEG files to labels in memory: LoadImages and the unlocked model, loaded from its file.</summary>
internal sealed class PipelineMeasurement : IDisposable
{
    private readonly MLContext _mlContext;
    private readonly Workload _workload;
    private readonly ITransformer _unlocked;

    private PipelineMeasurement(Workload workload)
    {
        (_workload, _mlContext) = (workload, Materials.Context(workload));
        SegmentationCatalog catalog = _mlContext.Segmentation();
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        using var locked = (TransformerChain<ITransformer>)_mlContext.Model.Load(workload.ModelFile("zip"), out _);
        using TransformerChain<ITransformer> stored = catalog.Unlock(locked, key);
        using TransformerChain<ITransformer> chosen = catalog.WithPrecision(stored, workload.Variant == "bfloat16" ? ScoringPrecision.BFloat16 : ScoringPrecision.Single);
        _unlocked = catalog.ForScoring(chosen);
    }

    /// <summary>Seconds per image when warm: batch 1 with a PredictionEngine, others with a cursor, for which Transform takes as many together as it finds best.</summary>
    public static Dictionary<string, double> Throughput(Workload workload)
    {
        using var pipeline = new PipelineMeasurement(workload);
        Action<int> score = workload.Batch == 1 ? pipeline.CreateOneByOne() : count => pipeline.Score(count);
        score(workload.WarmUpRuns * workload.Batch);
        var clock = Stopwatch.StartNew();
        score(workload.Images);
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / workload.Images };
    }

    /// <summary>From the model's file to the labels of a first image, and the same from the start of the process.</summary>
    public static Dictionary<string, double> FirstPrediction(Workload workload)
    {
        double before = ProcessStatus.SecondsSinceStart;
        var clock = Stopwatch.StartNew();
        using var pipeline = new PipelineMeasurement(workload);
        pipeline.CreateOneByOne()(1);
        double seconds = clock.Elapsed.TotalSeconds;
        return new() { ["firstSeconds"] = seconds, ["firstSecondsSinceStart"] = before + seconds };
    }

    /// <summary>Resident memory while many images are scored.</summary>
    public static Dictionary<string, double> Stream(Workload workload)
    {
        using var pipeline = new PipelineMeasurement(workload);
        var memory = new MemoryCourse(workload.Images);
        var clock = Stopwatch.StartNew();
        pipeline.Score(workload.Images, memory.Note);
        memory.Numbers["secondsPerImage"] = clock.Elapsed.TotalSeconds / workload.Images;
        return memory.Numbers;
    }

    public void Dispose() => (_unlocked as IDisposable)?.Dispose();

    private Action<int> CreateOneByOne()
    {
        var engine = _mlContext.Model.CreatePredictionEngine<ImageRow, LabelRow>(_unlocked, new PredictionEngineOptions { OwnsTransformer = false });
        return count =>
        {
            foreach ((int i, string path) in Materials.ImageFiles(_workload, count).Index())
                Note(i, engine.Predict(new ImageRow { ImagePath = path }).PredictedLabel.DenseValues());
        };
    }

    private void Score(int count, Action<int>? note = null)
    {
        IDataView images = _mlContext.Data.LoadFromEnumerable(Materials.ImageFiles(_workload, count).Select(path => new ImageRow { ImagePath = path }));
        IDataView scored = _unlocked.Transform(images);
        DataViewSchema.Column column = scored.Schema["PredictedLabel"];
        using DataViewRowCursor cursor = scored.GetRowCursor([column]);
        ValueGetter<VBuffer<byte>> getLabels = cursor.GetGetter<VBuffer<byte>>(column);
        VBuffer<byte> labels = default;
        while (cursor.MoveNext())
        {
            getLabels(ref labels);
            Note((int)cursor.Position, labels.DenseValues());
            note?.Invoke((int)cursor.Position + 1);
        }
    }

    // Key values count from 1.
    private void Note(int image, IEnumerable<byte> labels)
    {
        if (image == 0 && _workload.LabelsFile is { } file)
            File.WriteAllBytes(file, [.. labels.Select(label => (byte)(label - 1))]);
    }
}
