using Microsoft.ML.Data;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ScoringTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    // An engine disposes the model with itself unless told otherwise.
    private static PredictionEngineOptions Shared => new() { OwnsTransformer = false };

    [Fact]
    public void A_label_is_the_class_with_the_highest_score()
    {
        foreach (var (label, score) in trained.LabelsOf(trained.Transformer).Zip(trained.ScoresOf(trained.Transformer)))
        {
            int pixels = label.Length;
            for (int p = 0; p < pixels; p++)
            {
                float[] ofPixel = [score[p], score[pixels + p], score[2 * pixels + p]];
                ofPixel.Sum().Should().BeApproximately(1, 1e-4f);
                ofPixel[label[p] - 1].Should().BeApproximately(ofPixel.Max(), 1e-5f);
            }
        }
    }

    [Fact]
    public void A_prediction_engine_gives_what_a_batch_gives()
    {
        using var engine = trained.MLContext.Model.CreatePredictionEngine<PatchRow, Prediction>(trained.Transformer, Shared);
        byte[][] batched = trained.LabelsOf(trained.Transformer);
        List<PatchRow> rows = ColorPatches.Create(19, seed: 4);
        for (int i = 0; i < rows.Count; i++)
        {
            Prediction prediction = engine.Predict(rows[i]);
            // The order of additions differs between one image and eight, so a pixel on the edge may fall either way.
            Assert.InRange(batched[i].Zip(prediction.PredictedLabel).Count(pair => pair.First != pair.Second), 0, 2);
            Assert.Equal(3 * ColorPatches.Size * ColorPatches.Size, prediction.Score.Length);
        }
    }

    [Fact]
    public void A_prediction_engine_makes_probabilities_only_for_an_output_that_has_them()
    {
        int probabilities = 3 * ColorPatches.Size * ColorPatches.Size * sizeof(float);
        long with = BytesOf<Prediction>(), without = BytesOf<LabelOnly>();
        // At least the array that the caller gets, and not many copies on the way to it.
        Assert.InRange(with - without, probabilities - 1000, 3 * probabilities);

        long BytesOf<T>()
            where T : class, new()
        {
            using var engine = trained.MLContext.Model.CreatePredictionEngine<PatchRow, T>(trained.Transformer, Shared);
            PatchRow row = ColorPatches.Create(1).Single();
            engine.Predict(row);
            long before = GC.GetAllocatedBytesForCurrentThread();
            engine.Predict(row);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Several_threads_may_share_a_model()
    {
        byte[][] alone = trained.LabelsOf(trained.Transformer);
        var together = new byte[4][][];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() => together[i] = trained.LabelsOf(trained.Transformer)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.All(together, labels => Assert.Equal(alone, labels));
    }

    [Fact]
    public void Other_columns_pass_through_in_their_rows()
    {
        IDataView scored = trained.Transformer.Transform(trained.Data);
        Assert.Equal(Enumerable.Range(0, 19).Select(i => $"patch {i}"), scored.GetColumn<string>("Name"));
        Assert.Equal(trained.Data.GetColumn<byte[]>("Label"), scored.GetColumn<byte[]>("Label"));
        Assert.Equal(["0", "1", "2"], KeyValues(scored.Schema["PredictedLabel"]));
    }

    [Fact]
    public void Images_are_not_even_decoded_for_columns_that_do_not_need_them()
    {
        var rows = trained.MLContext.Data.LoadFromEnumerable([new { Path = "there is no such file.jpg" }]);
        var chain = trained.MLContext.Transforms.LoadImages("Image", null, "Path").Fit(rows).Append(trained.Transformer);
        Assert.Equal("there is no such file.jpg", chain.Transform(rows).GetColumn<string>("Path").Single());
        Assert.Throws<FileNotFoundException>(() => (chain.Transform(rows).GetColumn<byte[]>("PredictedLabel").Single()));
    }

    [Fact]
    public void Images_of_any_size_are_resized()
    {
        PatchRow row = ColorPatches.Create(1, seed: 8).Single();
        // Each pixel three times across and twice down.
        const int Size = ColorPatches.Size, Height = 2 * Size, Width = 3 * Size;
        byte[] small = row.Image.Pixels.ToArray(), large = new byte[Height * Width * 4];
        for (int p = 0; p < Height * Width; p++)
            small.AsSpan(4 * (p / Width / 2 * Size + p % Width / 3), 4).CopyTo(large.AsSpan(4 * p));
        using var engine = trained.MLContext.Model.CreatePredictionEngine<AnySize, Prediction>(trained.Transformer, Shared);
        byte[] expected = engine.Predict(new AnySize { Image = row.Image }).PredictedLabel;
        byte[] labels = engine.Predict(new AnySize { Image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, large) }).PredictedLabel;
        Assert.InRange(expected.Zip(labels).Count(pair => pair.First != pair.Second), 0, labels.Length / 50);
        Assert.Contains(labels, label => label != 1);
    }

    [Fact]
    public void A_row_without_an_image_is_named()
    {
        List<PatchRow> rows = ColorPatches.Create(3);
        rows[1].Image = null!;
        IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(rows));
        Assert.Contains("Row 1", Assert.Throws<InvalidDataException>(() => (scored.GetColumn<byte[]>("PredictedLabel").ToArray())).Message);
    }

    [Fact]
    public void Rows_before_one_that_cannot_be_read_are_predicted()
    {
        byte[][] expected = trained.LabelsOf(trained.Transformer);
        List<PatchRow> rows = ColorPatches.Create(19, seed: 4);
        rows[10].Image = null!;
        IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(rows));
        var labels = new List<byte[]>();
        Assert.Contains("Row 10", Assert.Throws<InvalidDataException>(ReadAll).Message);
        Assert.Equal(10, labels.Count);
        // The first batch is as ever; the second is of other size, and so rounded otherwise.
        Assert.Equal(expected[..8], labels[..8]);

        void ReadAll()
        {
            foreach (byte[] label in scored.GetColumn<byte[]>("PredictedLabel"))
                labels.Add(label);
        }
    }

    [Fact]
    public void Images_are_read_no_further_than_two_batches_ahead_and_not_after_the_cursor_is_disposed()
    {
        int read = 0;
        IEnumerable<PatchRow> Endless()
        {
            PatchRow row = ColorPatches.Create(1).Single();
            while (true)
            {
                Interlocked.Increment(ref read);
                yield return row;
            }
        }

        IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(Endless()));
        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["PredictedLabel"]]))
            Assert.True(cursor.MoveNext());
        int atEnd = Volatile.Read(ref read);
        Thread.Sleep(100);
        Assert.Equal(atEnd, Volatile.Read(ref read));
        // Two cursors run over the rows: the one that reads images, and the caller's, which is at the first row.
        Assert.InRange(atEnd, 8 + 1, 3 * 8 + 1);
    }

    [Fact]
    public void A_missing_or_wrong_image_column_is_named()
    {
        IDataView without = trained.MLContext.Data.LoadFromEnumerable([new { Name = "x" }]);
        Assert.Contains("'Image'", Assert.Throws<ArgumentOutOfRangeException>(() => trained.Transformer.Transform(without)).Message);
        IDataView wrong = trained.MLContext.Data.LoadFromEnumerable([new { Image = "x" }]);
        Assert.Contains("'Image'", Assert.Throws<ArgumentOutOfRangeException>(() => trained.Transformer.GetOutputSchema(wrong.Schema)).Message);
    }

    [Fact]
    public void Scoring_leaves_no_native_tensors_behind()
    {
        using var engine = trained.MLContext.Model.CreatePredictionEngine<PatchRow, Prediction>(trained.Transformer, Shared);
        PatchRow row = ColorPatches.Create(1).Single();
        Score();
        long before = torch.Tensor.TotalCount;
        for (int i = 0; i < 3; i++)
            Score();
        Assert.Equal(before, torch.Tensor.TotalCount);

        void Score()
        {
            trained.ScoresOf(trained.Transformer);
            trained.Transformer.Transform(trained.Data).GetColumn<byte[]>("PredictedLabel").First();
            engine.Predict(row);
        }
    }

    private static string[] KeyValues(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetKeyValues(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class AnySize
    {
        [Transforms.Image.ImageType(ColorPatches.Size, ColorPatches.Size)]
        public MLImage Image { get; set; } = null!;
    }

    private sealed class Prediction
    {
        public byte[] PredictedLabel { get; set; } = [];

        public float[] Score { get; set; } = [];
    }

    private sealed class LabelOnly
    {
        public byte[] PredictedLabel { get; set; } = [];
    }
}
