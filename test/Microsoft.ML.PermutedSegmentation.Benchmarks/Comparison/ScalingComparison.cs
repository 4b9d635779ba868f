using System.Globalization;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>How time and memory grow with image size, batch, classes, images and wrong keys: a table, and a picture of the same.</summary>
internal static class ScalingComparison
{
    private const string Ours = "ours", Peer = "torchvision";

    public static IEnumerable<string> Run(Bench bench)
    {
        Workload small = bench.Base with { Size = 128, Kind = "network", Variant = "channels_last", Images = 16 };
        ScalingSeries[] series =
        [
            OfBoth(bench, "image size (pixels a side)", "an image", [64, 128, 256, 512], size => small with { Size = size, Images = 4 }, "secondsPerImage", _ => 1),
            OfBoth(bench, "batch", "a batch", [1, 2, 4, 8, 16], batch => small with { Batch = batch }, "secondsPerImage", batch => batch),
            OfBoth(bench, "classes", "an image", [2, 21, 100, 255], classes => small with { Classes = classes, Images = 8 }, "secondsPerImage", _ => 1),
            OfBoth(bench, "images", "all images, from files", [8, 16, 32, 64], images => small with { Kind = "pipeline", Batch = 8, Images = images }, "secondsPerImage", images => images),
            OfKeys(bench, small with { Kind = "sweep", Images = 8 }),
        ];
        if (bench.Picture is not null)
            File.WriteAllText(bench.Picture, ScalingPlot.Draw(series));
        yield return Table(series);
    }

    private static ScalingSeries OfBoth(
        Bench bench, string grows, string time, int[] amounts, Func<int, Workload> workloadOf, string number, Func<int, double> factorOf)
    {
        ScalingPoint[][] points = [.. amounts.Select(amount =>
        {
            Workload workload = workloadOf(amount);
            bench.Prepare(workload);
            Measured measured = bench.Run([bench.Ours(Ours, workload), bench.Peer(Peer, workload)], roundCount: 1);
            return new[] { Ours, Peer }.Select(side => new ScalingPoint(
                amount, measured[side, number].Median * factorOf(amount), measured[side, "peakMegabytes"].Median)).ToArray();
        })];
        return new ScalingSeries(grows, time, [new ScalingLine(Ours, [.. points.Select(pair => pair[0])]), new ScalingLine(Peer, [.. points.Select(pair => pair[1])])]);
    }

    private static ScalingSeries OfKeys(Bench bench, Workload workload)
    {
        ScalingLine LineOf(string name, string variant) => new(name, [.. new[] { 1, 4, 16, 64 }.Select(keys =>
        {
            Measured measured = bench.Run([bench.Ours(name, workload with { Variant = variant, Keys = keys })], roundCount: 1);
            return new ScalingPoint(keys, measured[name, "seconds"].Median, measured[name, "peakMegabytes"].Median);
        })]);
        bench.Prepare(workload);
        return new ScalingSeries("wrong keys", "EvaluateAccessControl, 8 images", [LineOf("ours, all six maps keyed", "all"), LineOf("ours, map 6 keyed", "head")]);
    }

    private static string Table(IEnumerable<ScalingSeries> all)
    {
        var text = new StringBuilder("### Scaling\n\n| what grows | seconds are of | side | amount: seconds / peak MB |\n|---|---|---|---|\n");
        foreach (ScalingSeries series in all)
        {
            foreach (ScalingLine line in series.Lines)
            {
                IEnumerable<string> points = line.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Amount}: {point.Seconds:G3} / {point.Megabytes:F0}"));
                text.Append(CultureInfo.InvariantCulture, $"| {series.Grows} | {series.Time} | {line.Name} | {string.Join("; ", points)} |\n");
            }
        }
        return text.Append("\nFCN-ResNet-50, one round, torchvision with channels_last. Unless it grows: 128x128, batch 1, 21 classes; sizes, batches and classes are of the network alone. Memory is the peak of the whole process.\n").ToString();
    }
}
