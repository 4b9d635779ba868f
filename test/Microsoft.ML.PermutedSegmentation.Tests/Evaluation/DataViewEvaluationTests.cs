using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class DataViewEvaluationTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [Fact]
    public void Evaluates_columns_of_known_size()
    {
        SegmentationMetrics metrics = Evaluate(_mlContext.Data.LoadFromEnumerable(
        [
            new Masks { Label = [1, 1, 2, 0, 3, 3], PredictedLabel = [1, 2, 2, 2, 3, 3] },
            new Masks { Label = [0, 0, 0, 0, 0, 1], PredictedLabel = [0, 0, 0, 0, 0, 1] },
        ]));

        Assert.Equal([2 / 3.0, 1 / 2.0, 1], metrics.PerClassIntersectionOverUnion);
        Assert.Equal(((1 / 2.0 + 1 / 2.0 + 1) / 3 + 1) / 2, metrics.MeanImageIntersectionOverUnion, 1e-12);
        Assert.Equal(["0", "1", "2"], metrics.ClassNames);
        Assert.Equal(2, metrics.ImageCount);
        Assert.Equal(6, metrics.VoidPixelCount);
    }

    [Fact]
    public void A_label_of_any_size_is_resized_to_its_prediction()
    {
        // The first truth, 1 2 / 3 0, becomes 1 2 2 / 3 0 0: centres 1/3, 1 and 5/3 fall into columns 0, 1 and 1.
        // Of the third, 4 x 6, the rows 1 and 3 and the columns 1, 3 and 5 are left.
        SegmentationMetrics metrics = Evaluate(_mlContext.Data.LoadFromEnumerable(
        [
            new SizedMasks { Label = [1, 2, 3, 0], LabelSize = [2, 2], PredictedLabel = [1, 2, 1, 3, 1, 1] },
            new SizedMasks { Label = [2], LabelSize = [1, 1], PredictedLabel = [2, 2, 2, 2, 2, 2] },
            new SizedMasks { Label = [0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 3], LabelSize = [4, 6], PredictedLabel = [1, 2, 2, 2, 3, 3] },
        ]));

        Assert.Equal(new long[,] { { 2, 0, 0 }, { 1, 10, 0 }, { 0, 0, 3 } }, metrics.ConfusionMatrix.ToArray());
        Assert.Equal(2, metrics.VoidPixelCount);
    }

    [Fact]
    public void Sparse_masks_are_read_with_their_zeros()
    {
        var label = new VBuffer<byte>(6, 2, [1, 2], [1, 4]);
        IDataView data = _mlContext.Data.LoadFromEnumerable(
            [new VectorMasks { Label = label, PredictedLabel = new VBuffer<byte>(6, [3, 1, 3, 3, 2, 3]) }], Schema<VectorMasks>(Mask(3, 2, 3), Mask(3, 2, 3)));
        SegmentationMetrics metrics = Evaluate(data);
        Assert.Equal(1, metrics.PixelAccuracy);
        Assert.Equal(4, metrics.VoidPixelCount);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Classes_are_named_by_either_column(bool labelNamed, bool predictedNamed)
    {
        string[] names = ["sky", "road", "car"];
        SegmentationMetrics metrics = Evaluate(Perfect(Schema<Masks>(Mask(3), Mask(3), labelNamed ? names : null, predictedNamed ? names : null)));
        Assert.Equal(names, metrics.ClassNames);
    }

    [Fact]
    public void Ignored_classes_are_left_out_of_means()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new Masks { Label = [1, 1, 1, 2, 2, 2], PredictedLabel = [1, 1, 2, 2, 2, 2] }]);
        SegmentationMetrics metrics = DataViewEvaluation.Evaluate(data, "Label", "PredictedLabel", [0]);
        Assert.Equal(3 / 4.0, metrics.MeanIntersectionOverUnion);
    }

    [Fact]
    public void Rejects_names_in_another_order()
    {
        IDataView data = Perfect(Schema<Masks>(Mask(3), Mask(3), ["sky", "road", "car"], ["sky", "car", "road"]));
        var error = Assert.Throws<ArgumentException>(() => Evaluate(data));
        Assert.Contains("Class 1 is 'road' in column 'Label' and 'car' in column 'PredictedLabel'", error.Message);
    }

    [Fact]
    public void Rejects_different_class_counts()
    {
        IDataView data = Perfect(Schema<Masks>(Mask(3), Mask(4)));
        var error = Assert.Throws<ArgumentException>(() => Evaluate(data));
        Assert.Contains("'Label' has 3 classes, column 'PredictedLabel' has 4", error.Message);
    }

    [Theory]
    [InlineData("Labels", "PredictedLabel", "labelColumnName")]
    [InlineData("Label", "Prediction", "predictedLabelColumnName")]
    public void Rejects_a_missing_column_and_lists_those_there(string label, string predicted, string parameter)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(parameter, () => DataViewEvaluation.Evaluate(Perfect(), label, predicted));
        Assert.Contains("'Label', 'PredictedLabel'", error.Message);
    }

    [Fact]
    public void Rejects_a_column_that_is_no_mask()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new WrongTypes()]);
        foreach (string column in new[] { nameof(WrongTypes.Bytes), nameof(WrongTypes.Scalar), nameof(WrongTypes.Wide) })
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>("labelColumnName", () => DataViewEvaluation.Evaluate(data, column, nameof(WrongTypes.Mask)));
            Assert.Contains($"'{column}'", error.Message);
            Assert.Contains("Vector<Key<Byte>, height, width>", error.Message);
        }
    }

    [Fact]
    public void Rejects_a_mask_of_unknown_size_without_a_size_column()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new Unsized { Label = [1], PredictedLabel = [1] }]);
        var error = Assert.Throws<ArgumentOutOfRangeException>("labelColumnName", () => Evaluate(data));
        Assert.Contains("no column 'LabelSize' of type Vector<Int32, 2>", error.Message);
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(0, 0)]
    [InlineData(-1, -4)]
    [InlineData(65536, 65536)]
    public void Rejects_a_mask_that_does_not_fit_its_size_and_names_the_row(int height, int width)
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(
        [
            new SizedMasks { Label = [1, 2, 3, 0], LabelSize = [2, 2], PredictedLabel = new byte[6] },
            new SizedMasks { Label = [1, 2, 3, 0], LabelSize = [height, width], PredictedLabel = new byte[6] },
        ]);
        var error = Assert.Throws<InvalidDataException>(() => Evaluate(data));
        Assert.Contains("Row 1", error.Message);
        Assert.Contains($"{height} x {width}", error.Message);
    }

    [Fact]
    public void Rejects_no_rows() =>
        Assert.Throws<InvalidOperationException>(() => Evaluate(_mlContext.Data.LoadFromEnumerable(Array.Empty<Masks>())));

    [Fact]
    public void Rejects_rows_of_nothing_but_void() =>
        Assert.Throws<InvalidOperationException>(() => Evaluate(_mlContext.Data.LoadFromEnumerable([new Masks { PredictedLabel = [1, 1, 1, 1, 1, 1] }])));

    [Fact]
    public void Tells_how_many_images_are_done()
    {
        var reports = new List<long>();
        var progress = new Told(reports.Add);
        _mlContext.Segmentation().Evaluate(_mlContext.Data.LoadFromEnumerable(Enumerable.Repeat(new Masks { Label = [1, 1, 1, 1, 1, 1], PredictedLabel = [1, 1, 1, 1, 1, 1] }, 3)), progress: progress);
        Assert.Equal([1, 2, 3], reports);
    }

    [Fact]
    public void Ends_when_it_is_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        IEnumerable<Masks> endless = Enumerable.Repeat(new Masks { Label = [1, 1, 1, 1, 1, 1], PredictedLabel = [1, 1, 1, 1, 1, 1] }, int.MaxValue);
        var progress = new Told(done =>
        {
            if (done == 3)
                cancellation.Cancel();
        });
        Assert.Throws<OperationCanceledException>(
            () => _mlContext.Segmentation().Evaluate(_mlContext.Data.LoadFromEnumerable(endless), progress: progress, cancellationToken: cancellation.Token));
        Assert.Throws<OperationCanceledException>(
            () => _mlContext.Segmentation().Evaluate(Perfect(), cancellationToken: cancellation.Token));
    }

    [Fact]
    public void Asks_for_no_other_column()
    {
        IDataView data = _mlContext.Transforms.CustomMapping<Masks, Extra>((_, _) => throw new InvalidOperationException("computed"), null)
            .Fit(Perfect()).Transform(Perfect());
        Assert.Equal(1, Evaluate(data).PixelAccuracy);
    }

    private static SegmentationMetrics Evaluate(IDataView data) => DataViewEvaluation.Evaluate(data, "Label", "PredictedLabel");

    private IDataView Perfect(SchemaDefinition? schema = null) =>
        _mlContext.Data.LoadFromEnumerable([new Masks { Label = [1, 2, 3, 3, 0, 1], PredictedLabel = [1, 2, 3, 3, 3, 1] }], schema);

    private static VectorDataViewType Mask(int classes, int height = 2, int width = 3) =>
        new(new KeyDataViewType(typeof(byte), classes), height, width);

    private static SchemaDefinition Schema<T>(DataViewType label, DataViewType predicted, string[]? labelNames = null, string[]? predictedNames = null)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(T));
        Describe("Label", label, labelNames);
        Describe("PredictedLabel", predicted, predictedNames);
        return schema;

        void Describe(string column, DataViewType type, string[]? names)
        {
            schema[column].ColumnType = type;
            if (names is not null)
                schema[column].AddAnnotation("KeyValues", new VBuffer<ReadOnlyMemory<char>>(names.Length, [.. names.Select(n => n.AsMemory())]), new VectorDataViewType(TextDataViewType.Instance, names.Length));
        }
    }

    private sealed class Told(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    private sealed class Masks
    {
        [VectorType(2, 3), KeyType(3)]
        public byte[] Label { get; set; } = new byte[6];

        [VectorType(2, 3), KeyType(3)]
        public byte[] PredictedLabel { get; set; } = new byte[6];
    }

    private sealed class SizedMasks
    {
        [VectorType, KeyType(3)]
        public byte[] Label { get; set; } = [];

        [VectorType(2)]
        public int[] LabelSize { get; set; } = [];

        [VectorType(2, 3), KeyType(3)]
        public byte[] PredictedLabel { get; set; } = [];
    }

    private sealed class VectorMasks
    {
        [VectorType(2, 3), KeyType(3)]
        public VBuffer<byte> Label { get; set; }

        [VectorType(2, 3), KeyType(3)]
        public VBuffer<byte> PredictedLabel { get; set; }
    }

    private sealed class Unsized
    {
        [VectorType(1), KeyType(3)]
        public byte[] Label { get; set; } = [];

        [VectorType(1, 1), KeyType(3)]
        public byte[] PredictedLabel { get; set; } = [];
    }

    private sealed class WrongTypes
    {
        [VectorType(1, 1), KeyType(3)]
        public byte[] Mask { get; set; } = [1];

        [VectorType(1, 1)]
        public byte[] Bytes { get; set; } = [1];

        [KeyType(3)]
        public byte Scalar { get; set; } = 1;

        [VectorType(1, 1), KeyType(3)]
        public uint[] Wide { get; set; } = [1];
    }

    private sealed class Extra
    {
        public float Unwanted { get; set; }
    }
}
