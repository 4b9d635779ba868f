using System.Security.Cryptography;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>However many threads read, what comes out is the same.</summary>
public sealed class InputWorkersTests : IDisposable
{
    private const int Rows = 21;

    private readonly TempFolder _folder = new();

    public InputWorkersTests()
    {
        for (int i = 0; i < Rows; i++)
        {
            // Of different sizes, so that some take longer than others.
            (int width, int height) = (40 + 7 * (i % 4), 33 + 11 * (i % 3));
            _folder.WriteImage($"JPEGImages/{i}.jpg", width, height, SkiaSharp.SKEncodedImageFormat.Jpeg);
            _folder.WriteMask($"SegmentationClass/{i}.png", [.. Enumerable.Range(0, width * height).Select(p => (byte)(p % width < width / 2 ? i % 3 : (i + 1) % 3))], width, height);
        }
        _folder.WriteText("ImageSets/Segmentation/all.txt", string.Join('\n', Enumerable.Range(0, Rows)));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, ScoringMode.Resize, false)]
    [InlineData(2048, ScoringMode.Resize, false)]
    [InlineData(0, ScoringMode.Resize, true)]
    [InlineData(0, ScoringMode.SlidingWindow, false)]
    public void A_model_does_not_depend_on_them(int cacheMegabytes, ScoringMode scoring, bool changesPixels)
    {
        string one = Train(1);
        Assert.Equal(one, Train(16));

        string Train(int? workers)
        {
            MLContext mlContext = CpuContext.Create(seed: 4);
            PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 2);
            (options.ImageCacheMegabytes, options.InputWorkers, options.BatchSize, options.MicroBatchSize, options.Scoring) = (cacheMegabytes, workers, 5, 3, scoring);
            options.Augmentation = changesPixels
                ? new Augmentation { Rotation = 20, Brightness = 0.2, Contrast = 0.2, Saturation = 0.2, Hue = 10, Blur = 1, MinimumScale = 0.5, MaximumScale = 2 }
                : new Augmentation { MinimumScale = 0.5, MaximumScale = 2 };
            using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(Load(mlContext));
            return string.Join(' ', model.Network().State.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => Convert.ToHexString(SHA256.HashData(entry.Value.bytes))));
        }
    }

    [Fact]
    public void Pixels_are_changed_on_several_threads()
    {
        var images = new DecodedImages(Load(CpuContext.Create(seed: 4)), "Image", "Label", budgetInBytes: 0);
        images.ReadAll(_ => { }, default);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.InputWorkers, options.Augmentation) = (2, new Augmentation { Rotation = 20, Brightness = 0.2, Blur = 1 });
        using var meeting = new MeetingTransform();
        var source = new BatchSource(new ImageRows(images, [0, 1]), options, new TrainingPlan(16, 16, 2, 1, new LearningRateSchedule(0.1, 0, 1, 0)), meeting, TorchSharp.torch.CPU);
        foreach (LabeledBatch batch in source.Augmented(new Random(1)))
            batch.Dispose();
        Assert.True(meeting.HasMet);
    }

    // Windows of 16x16 pixels begin at most 12 apart: an image of 33x40 has 3 x 3 of them, and one of 33x61 has 3 x 5.
    [Fact]
    public void Windows_are_cut_on_several_threads_from_one_reading()
    {
        int read = 0;
        MLContext mlContext = CpuContext.Create(seed: 4);
        IDataView rows = mlContext.Data.TakeRows(VocFolder.Open(_folder.Root).Load(mlContext, "all"), 4);
        rows = mlContext.Transforms.CustomMapping<PathRow, PathRow>((from, to) => (to.ImagePath, _) = (from.ImagePath, Interlocked.Increment(ref read)), contractName: null)
            .Append(mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath"))
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", ["a", "b", "c"])).Fit(rows).Transform(rows);
        var images = new DecodedImages(rows, "Image", "Label", budgetInBytes: 0);
        images.ReadAll(_ => { }, default);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.InputWorkers, options.MicroBatchSize, options.Scoring) = (2, 4, ScoringMode.SlidingWindow);
        using var meeting = new MeetingTransform();
        var source = new BatchSource(new ImageRows(images, [0, 3]), options, new TrainingPlan(16, 16, 2, 1, new LearningRateSchedule(0.1, 0, 1, 0)), meeting, TorchSharp.torch.CPU);
        read = 0;
        var sizes = new List<int>();
        foreach (LabeledBatch batch in source.Whole())
        {
            sizes.Add(batch.Count);
            batch.Dispose();
        }
        Assert.Equal([4, 4, 4, 4, 4, 4], sizes);
        Assert.True(meeting.HasMet);
        Assert.Equal(2, read);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void As_many_as_cannot_be_meant_are_refused(int workers)
    {
        MLContext mlContext = CpuContext.Create(seed: 4);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.InputWorkers = workers;
        Assert.Contains("from 1 to 256", Assert.Throws<ArgumentOutOfRangeException>(nameof(options.InputWorkers), () => mlContext.Segmentation().Trainers.Fcn(options)).Message);
    }

    [Fact]
    public void Files_are_decoded_on_several_threads_even_below_other_transforms()
    {
        MLContext mlContext = CpuContext.Create(seed: 4);
        IDataView rows = mlContext.Transforms.CopyColumns("Copy", "Image").Append(mlContext.Transforms.DropColumns("Copy")).Fit(Load(mlContext)).Transform(Load(mlContext));
        using var splitter = new RowSplitter(rows, rows.Schema, places: 3, workers: 2);
        ImageColumn.Reader[] readers = [.. Enumerable.Range(0, 2).Select(worker => ImageColumn.Find(rows.Schema, "Image").CreateReader(splitter[worker]))];
        for (int place = 0; place < 3; place++)
            Assert.True(splitter.MoveNext(place));
        // The rows are there side by side, and each thread reads them in an order of its own.
        Assert.Equal([(2L, 54), (0L, 40), (1L, 47)], (((int Place, int Worker)[])[(2, 0), (0, 1), (1, 0)]).Select(read =>
        {
            splitter.MoveTo(read.Place, read.Worker);
            return (splitter[read.Worker].Position, readers[read.Worker].Read().Width);
        }));
        foreach (ImageColumn.Reader reader in readers)
            reader.Dispose();
    }

    // Below a filter images are decoded with the cursor, and there is one for the network and for whoever asks for the column.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_asks_for_images_gets_them(bool isFiltered)
    {
        MLContext mlContext = CpuContext.Create(seed: 4);
        IDataView rows = Load(mlContext);
        using var model = mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1)).Fit(rows);
        IDataView scored = model.Transform(isFiltered ? mlContext.Data.TakeRows(rows, Rows) : rows);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Image"], scored.Schema["PredictedLabel"]]);
        var getImage = cursor.GetGetter<MLImage>(scored.Schema["Image"]);
        MLImage image = null!;
        for (int row = 0; cursor.MoveNext(); row++)
        {
            getImage(ref image);
            Assert.Equal(40 + 7 * (row % 4), image.Width);
        }
    }

    [Fact]
    public void A_mapping_that_remembers_rows_sees_all_of_them_in_order()
    {
        MLContext mlContext = CpuContext.Create(seed: 4);
        IDataView paths = Load(mlContext);
        IDataView rows = mlContext.Transforms.StatefulCustomMapping<NamedRow, NumberedRow, Counter>((row, numbered, counter) => numbered.Number = ++counter.Count, _ => { }, contractName: null)
            .Fit(paths).Transform(paths);
        using var splitter = new RowSplitter(rows, [rows.Schema["Number"]], places: 3, workers: 1);
        for (int row = 0; row < Rows; row += 3)
        {
            for (int place = 0; place < 3; place++)
                Assert.True(splitter.MoveNext(place));
            for (int place = 2; place >= 0; place--)
            {
                int number = 0;
                splitter.MoveTo(place, worker: 0);
                splitter[0].GetGetter<int>(rows.Schema["Number"])(ref number);
                Assert.Equal(row + place + 1, number);
            }
        }
        Assert.False(splitter.MoveNext(0));
    }

    // Waits until it is asked on two threads at a time.
    private sealed class MeetingTransform : PixelTransform, IDisposable
    {
        private readonly Barrier _both = new(2);

        public bool HasMet { get; private set; } = true;

        public override void Apply(ReadOnlySpan<byte> rgb, Span<float> target, int width) => HasMet &= _both.SignalAndWait(TimeSpan.FromSeconds(10));

        public void Dispose() => _both.Dispose();
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class NamedRow
    {
        public string Name { get; set; } = "";
    }

    private sealed class NumberedRow
    {
        public int Number { get; set; }
    }

    private sealed class Counter
    {
        public int Count { get; set; }
    }

    private IDataView Load(MLContext mlContext)
    {
        IDataView rows = VocFolder.Open(_folder.Root).Load(mlContext, "all");
        return mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", ["a", "b", "c"])).Fit(rows).Transform(rows);
    }
}
