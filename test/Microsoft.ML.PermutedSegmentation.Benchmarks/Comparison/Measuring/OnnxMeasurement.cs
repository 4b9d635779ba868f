using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>ONNX Runtime: through OnnxSegmenter, and its bare session on the very graph that OnnxSegmenter runs.</summary>
internal static class OnnxMeasurement
{
    /// <summary>From JPEG files to labels, batch by batch.</summary>
    public static Dictionary<string, double> Pipeline(Workload workload)
    {
        using OnnxSegmenter segmenter = Load(workload);
        Score(segmenter, workload, workload.WarmUpRuns * workload.Batch);
        var clock = Stopwatch.StartNew();
        Score(segmenter, workload, workload.Images);
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / workload.Images };
    }

    /// <summary>From images in memory, of the network's size, to labels.</summary>
    public static Dictionary<string, double> Network(Workload workload)
    {
        using OnnxSegmenter segmenter = Load(workload);
        MLImage[] images = Materials.Noise(workload);
        return Repeat(workload, () => segmenter.Segment(images));
    }

    /// <summary>From floats in memory to the scores before they are upsampled.</summary>
    public static Dictionary<string, double> BareSession(Workload workload)
    {
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        using FileStream file = File.OpenRead(workload.ModelFile("onnx"));
        using SessionOptions options = Options(workload);
        using var session = new InferenceSession(OnnxSegmenter.CreateGraph(file, key, verify: true).Graph, options);
        var random = new Random(1);
        float[] batch = [.. Enumerable.Range(0, workload.Batch * workload.Size * workload.Size * 3).Select(_ => (float)random.Next(256))];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(batch, [workload.Batch, workload.Size, workload.Size, 3]);
        using var run = new RunOptions();
        return Repeat(workload, () => session.Run(run, ["image"], [input], ["scores"]).Dispose());
    }

    /// <summary>From the model's file to the labels of a first image.</summary>
    public static Dictionary<string, double> FirstPrediction(Workload workload)
    {
        double before = ProcessStatus.SecondsSinceStart;
        var clock = Stopwatch.StartNew();
        using OnnxSegmenter segmenter = Load(workload);
        Score(segmenter, workload, 1);
        double seconds = clock.Elapsed.TotalSeconds;
        return new() { ["firstSeconds"] = seconds, ["firstSecondsSinceStart"] = before + seconds };
    }

    /// <summary>Resident memory while many images are scored.</summary>
    public static Dictionary<string, double> Stream(Workload workload)
    {
        using OnnxSegmenter segmenter = Load(workload);
        var memory = new MemoryCourse(workload.Images);
        var clock = Stopwatch.StartNew();
        Score(segmenter, workload, workload.Images, memory.Note);
        memory.Numbers["secondsPerImage"] = clock.Elapsed.TotalSeconds / workload.Images;
        return memory.Numbers;
    }

    private static SessionOptions Options(Workload workload) => new() { IntraOpNumThreads = workload.Threads };

    private static OnnxSegmenter Load(Workload workload)
    {
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        using SessionOptions options = Options(workload);
        return OnnxSegmenter.Load(workload.ModelFile("onnx"), key, sessionOptions: options);
    }

    private static void Score(OnnxSegmenter segmenter, Workload workload, int count, Action<int>? note = null)
    {
        int done = 0;
        foreach (string[] paths in Materials.ImageFiles(workload, count).Chunk(workload.Batch))
        {
            MLImage[] images = [.. paths.Select(MLImage.CreateFromFile)];
            IReadOnlyList<byte[,]> labels = segmenter.Segment(images);
            foreach (MLImage image in images)
                image.Dispose();
            if (done == 0 && workload.LabelsFile is { } file)
                File.WriteAllBytes(file, [.. labels[0].Cast<byte>()]);
            foreach (string _ in paths)
            {
                done++;
                note?.Invoke(done);
            }
        }
    }

    private static Dictionary<string, double> Repeat(Workload workload, Action run)
    {
        for (int i = 0; i < workload.WarmUpRuns; i++)
            run();
        int runs = Math.Max(1, workload.Images / workload.Batch);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < runs; i++)
            run();
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / runs / workload.Batch };
    }
}
