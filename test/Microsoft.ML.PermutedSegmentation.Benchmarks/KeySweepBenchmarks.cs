using BenchmarkDotNet.Attributes;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks;

/// <summary>What a hundred wrong keys cost beside one plain evaluation of the same images (ResNet-50, stride 8, 256x256, 21 classes).</summary>
public class KeySweepBenchmarks
{
    private const int Size = 256, Classes = 21, Images = 8, Keys = 100;

    private readonly MLContext _mlContext = new(seed: 1);
    private IDataView _data = null!;
    private SegmentationModel _head = null!, _stage4 = null!;

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _data = _mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, Images).Select(_ => Row.Create(random)).ToArray());
        (_head, _stage4) = (CreateModel(FeatureMaps.Head), CreateModel(FeatureMaps.Stage4));
        PrintShare("map 6", FeatureMaps.Head);
        PrintShare("map 5", FeatureMaps.Stage4);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _head.Dispose();
        _stage4.Dispose();
    }

    [Benchmark(Baseline = true)]
    public SegmentationMetrics Plain()
    {
        using var transformer = new PermutedSegmentationTransformer(_mlContext, _head.With(key: null));
        return _mlContext.Segmentation().Evaluate(transformer.Transform(_data));
    }

    [Benchmark]
    public SegmentationMetrics Sweep_of_map_6() => Sweep(_head);

    [Benchmark]
    public SegmentationMetrics Sweep_of_map_5() => Sweep(_stage4);

    private SegmentationMetrics Sweep(SegmentationModel model)
    {
        PermutationKey[] keys = [.. Enumerable.Range(0, Keys).Select(_ => PermutationKey.Generate())];
        return new KeySweep(model, torch.CPU).Run(_data, "Label", keys, default)[^1];
    }

    // What is above a map has to run once for each key: its share of all multiplications is the least that a sweep costs.
    private void PrintShare(string name, FeatureMaps map)
    {
        NetworkLayout layout = _head.Description.Layout;
        double share = Arithmetic.Multiplications(layout, Size, layout.Find(map).Index) / Arithmetic.Multiplications(layout, Size);
        Console.WriteLine($"{share:P2} of the arithmetic lies above {name}: {Keys} keys cost at least {1 - share + Keys * share:F2} plain evaluations.");
    }

    private static SegmentationModel CreateModel(FeatureMaps maps) => RandomModel.Create(Backbone.ResNet50, outputStride: 8, Size, Classes, maps);

    private sealed class Row
    {
        [ImageType(Size, Size)]
        public MLImage Image { get; set; } = null!;

        [VectorType(Size, Size), KeyType(Classes)]
        public byte[] Label { get; set; } = [];

        public static Row Create(Random random)
        {
            byte[] pixels = new byte[Size * Size * 4];
            random.NextBytes(pixels);
            return new Row
            {
                Image = MLImage.CreateFromPixels(Size, Size, MLPixelFormat.Rgba32, pixels),
                Label = [.. Enumerable.Range(0, Size * Size).Select(p => (byte)(1 + p / Size / 32 + p % Size / 64))],
            };
        }
    }
}
