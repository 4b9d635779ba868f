using System.Text.Json;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>Our side in a process of its own: measures one workload and prints the numbers as one line of JSON, the last one.</summary>
internal static class MeasureCommand
{
    public const string Name = "measure";

    public static int Run(string json)
    {
        var workload = Workload.FromJson(json);
        Dictionary<string, double> numbers = Measure(workload);
        numbers["peakMegabytes"] = ProcessStatus.PeakMegabytes;
        Console.WriteLine(JsonSerializer.Serialize(numbers));
        return 0;
    }

    private static Dictionary<string, double> Measure(Workload workload)
    {
        // What runs on ONNX Runtime alone shall not load libtorch.
        switch (workload.Kind)
        {
            case "onnx-pipeline": return OnnxMeasurement.Pipeline(workload);
            case "onnx-network": return OnnxMeasurement.Network(workload);
            case "onnx-bare": return OnnxMeasurement.BareSession(workload);
            case "onnx-first": return OnnxMeasurement.FirstPrediction(workload);
            case "onnx-stream": return OnnxMeasurement.Stream(workload);
        }
        torch.set_num_threads(workload.Threads);
        return workload.Kind switch
        {
            "prepare" => Materials.Prepare(workload),
            "pipeline" => PipelineMeasurement.Throughput(workload),
            "first" => PipelineMeasurement.FirstPrediction(workload),
            "stream" => PipelineMeasurement.Stream(workload),
            "network" => NetworkMeasurement.Run(workload),
            "train" => TrainingMeasurement.Run(workload),
            "sweep" => SweepMeasurement.Run(workload),
            "ceiling" => CeilingMeasurement.Run(workload),
            _ => throw new ArgumentException($"There is no measurement '{workload.Kind}'."),
        };
    }
}
