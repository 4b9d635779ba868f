using System.Collections.Concurrent;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>However many threads read while a model scores, its masks are the same.</summary>
public sealed class ScoringWorkersTests : IClassFixture<UnprotectedModel>, IDisposable
{
    private const int Rows = 21;

    private readonly UnprotectedModel _plain;
    private readonly SegmentationCatalog _catalog;
    private readonly TempFolder _folder = new();

    public ScoringWorkersTests(UnprotectedModel plain)
    {
        (_plain, _catalog) = (plain, plain.MLContext.Segmentation());
        for (int i = 0; i < Rows; i++)
        {
            _folder.WriteImage($"{i}.jpg", 30 + 5 * (i % 4), 40 + i, SkiaSharp.SKEncodedImageFormat.Jpeg);
            _folder.WriteMask($"{i}.png", [.. Enumerable.Range(0, (30 + 5 * (i % 4)) * (40 + i)).Select(p => (byte)(p % 2))], 30 + 5 * (i % 4), 40 + i);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ScoringMode.Resize)]
    [InlineData(ScoringMode.SlidingWindow)]
    public void Masks_do_not_depend_on_them(ScoringMode mode)
    {
        using PermutedSegmentationTransformer scoring = _catalog.WithScoring(_plain.Transformer, mode);
        byte[][] masks = Labels(null);
        Assert.Equal(Rows, masks.Length);
        Assert.Equal(masks, Labels(1));
        Assert.Equal(masks, Labels(16));

        byte[][] Labels(int? workers)
        {
            using PermutedSegmentationTransformer model = _catalog.WithInputWorkers(scoring, workers);
            return [.. model.Transform(Files(path => path)).GetColumn<VBuffer<byte>>("PredictedLabel").Select(labels => labels.DenseValues().ToArray())];
        }
    }

    [Fact]
    public void As_many_threads_read_as_are_given()
    {
        using PermutationKey key = TestKeys.Wrong();
        using PermutedSegmentationTransformer plain = _catalog.WithInputWorkers(_plain.Transformer, 3), model = _catalog.Protect(plain, key);
        Assert.Equal(3, Threads(rows => plain.Transform(rows).GetColumn<VBuffer<byte>>("PredictedLabel").Count()));
        Assert.Equal(3, Threads(rows => _catalog.EvaluateAccessControl(model, rows, key, wrongKeyCount: 1)));

        // What a mapping does is done by the thread that wants the row. They wait for one another, so that all of them have to come.
        int Threads(Action<IDataView> read)
        {
            var threads = new ConcurrentDictionary<int, bool>();
            using var three = new Barrier(3);
            read(Files(path =>
            {
                threads[Environment.CurrentManagedThreadId] = three.SignalAndWait(TimeSpan.FromSeconds(20));
                return path;
            }));
            Assert.All(threads.Values, Assert.True);
            return threads.Count;
        }
    }

    [Fact]
    public void Sweeps_over_keys_do_not_depend_on_them()
    {
        using PermutationKey key = TestKeys.Wrong();
        using PermutedSegmentationTransformer model = _catalog.Protect(_plain.Transformer, key);
        Assert.Equal(Evaluate(1), Evaluate(16));

        string Evaluate(int workers)
        {
            using PermutedSegmentationTransformer reading = _catalog.WithInputWorkers(model, workers);
            return CpuContext.Create(seed: 5).Segmentation().EvaluateAccessControl(reading, Files(path => path), key, wrongKeyCount: 2).ToString();
        }
    }

    [Fact]
    public void What_is_made_of_a_model_has_as_many()
    {
        using PermutationKey key = TestKeys.Wrong();
        using PermutedSegmentationTransformer two = _catalog.WithInputWorkers(_plain.Transformer, 2), model = _catalog.Protect(two, key), locked = _catalog.Lock(model),
            small = _catalog.WithPrecision(locked, ScoringPrecision.BFloat16), three = _catalog.WithInputWorkers(small, 3), standard = _catalog.WithInputWorkers(three, null);
        Assert.Equal([null, 2, 2, 2, 2, 3, null], new[] { _plain.Transformer, two, model, locked, small, three, standard }.Select(made => made.InputWorkers));
        Assert.Equal(ScoringPrecision.BFloat16, three.Precision);
        foreach (int workers in (int[])[0, -1, 257])
            Assert.Contains("from 1 to 256", Assert.Throws<ArgumentOutOfRangeException>("workers", () => _catalog.WithInputWorkers(two, workers)).Message);
        Assert.Throws<ArgumentNullException>("model", () => _catalog.WithInputWorkers((ITransformer)null!, 2));
    }

    private IDataView Files(Func<string, string> map)
    {
        IDataView rows = _plain.MLContext.Data.LoadFromEnumerable(Enumerable.Range(0, Rows).Select(i => new Named { ImagePath = _folder.At($"{i}.jpg"), MaskPath = _folder.At($"{i}.png") }).ToList());
        return _plain.MLContext.Transforms.CustomMapping<Named, Mapped>((from, to) => to.Path = map(from.ImagePath), contractName: null)
            .Append(_catalog.Transforms.LoadImages("Image", null, "Mapped"))
            .Append(_catalog.Transforms.LoadMasks("Label", null, "MaskPath", [.. _plain.Transformer.ClassNames])).Fit(rows).Transform(rows);
    }

    private sealed class Named
    {
        public string ImagePath { get; set; } = "";

        public string MaskPath { get; set; } = "";
    }

    private sealed class Mapped
    {
        [ColumnName("Mapped")]
        public string Path { get; set; } = "";
    }
}
