using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Input;

/// <summary>Reads the same files in several ways.</summary>
internal sealed class InputRun
{
    private const string PeerProgram = "/usr/bin/djpeg";
    private const int Size = 256, Batch = 8;

    private readonly string[] _files;
    private readonly IDataView _rows;
    private readonly string _smallFile;

    public InputRun(Workload workload, int images)
    {
        Directory.CreateDirectory(workload.Folder);
        Materials.PreparePhotos(workload);
        _files = Materials.ImageFiles(workload, images);
        _smallFile = Path.Combine(workload.Folder, "small.jpg");
        using (MLImage dot = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Bgra32, new byte[8 * 8 * 4].Select(_ => byte.MaxValue).ToArray()))
            dot.Save(_smallFile);
        var mlContext = new MLContext(seed: 1);
        IDataView paths = mlContext.Data.LoadFromEnumerable(_files.Select(file => new ImageRow
        {
            ImagePath = file,
            MaskPath = Path.Combine(workload.MaskFolder, Path.ChangeExtension(Path.GetFileName(file), ".png")),
        }).ToList());
        _rows = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", [.. Enumerable.Range(0, workload.Classes).Select(k => $"class {k}")]))
            .Fit(paths).Transform(paths);
    }

    /// <summary>Whether there is a peer.</summary>
    public static bool HasPeer => File.Exists(PeerProgram);

    /// <summary>Decodes images, and throws them away.</summary>
    public InputSpeed Decode(int workers) => Measure(() =>
    {
        foreach (bool _ in OrderedWorkers.Run(_files, workers, 4 * workers, (file, _) =>
        {
            ImageFile.Load(file).Dispose();
            return true;
        }))
        {
        }
    });

    /// <summary>An epoch as training reads it, each image decoded anew; nobody learns from it.</summary>
    public InputSpeed Batches(int workers)
    {
        var images = new DecodedImages(_rows, "Image", "Label", budgetInBytes: 0);
        images.ReadAll(_ => { }, default);
        var options = new PermutedSegmentationTrainer.Options { InputWorkers = workers, BatchSize = Batch };
        var plan = new TrainingPlan(Size, Size, Batch, 1, new LearningRateSchedule(0.1, 0, 1, 0));
        var source = new BatchSource(new ImageRows(images, [.. Enumerable.Range(0, images.Count)]), options, plan, null, CPU);
        return Measure(() =>
        {
            foreach (LabeledBatch batch in source.Augmented(new Random(1)))
                batch.Dispose();
        });
    }

    /// <summary>The same files through libjpeg-turbo's own program, to pixels that nobody keeps.</summary>
    public InputSpeed Peer()
    {
        double all = SecondsOfPeer(string.Join(' ', _files)), start = SecondsOfPeer(string.Join(' ', Enumerable.Repeat(_smallFile, _files.Length)));
        return new InputSpeed(_files.Length / (all - start), double.NaN);
    }

    private static double SecondsOfPeer(string files)
    {
        long start = Stopwatch.GetTimestamp();
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", $"for file in {files}; do {PeerProgram} -outfile /dev/null $file; done" } })!;
        shell.WaitForExit();
        return shell.ExitCode == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{PeerProgram} failed.");
    }

    private InputSpeed Measure(Action read)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        read();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new InputSpeed(_files.Length / seconds, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds / seconds);
    }
}
