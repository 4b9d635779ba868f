using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LoadMasksTests : IDisposable
{
    private static readonly string[] Names = ["sky", "road", "car"];

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public LoadMasksTests()
    {
        _folder.WriteMask("one.png", [0, 1, 2, 255, 1, 0], 3, 2);
        _folder.WriteMask("two.png", [2, 2], 1, 2);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Gives_the_key_values_and_the_size_of_every_mask() => AssertLoads(Fit());

    [Fact]
    public void A_saved_transformer_does_the_same()
    {
        var data = Data("one.png", "two.png");
        string path = _folder.At("model.zip");
        _mlContext.Model.Save(Fit(), data.Schema, path);
        var fresh = new MLContext();
        var loaded = fresh.Model.Load(path, out _);
        AssertLoads(loaded);
        AssertSchema(loaded.GetOutputSchema(data.Schema));
    }

    [Fact]
    public void A_palette_is_saved_with_the_transformer()
    {
        _folder.Write("colors.png", PngFixtures.Get("rgb8-strange"));
        var colors = Enumerable.Range(0, 22).Select(k => ClassPalette.Voc[k == 21 ? 255 : k]);
        var estimator = Catalog.LoadMasks("Label", _folder.Root, "MaskPath",
            [.. Enumerable.Range(0, 22).Select(k => $"class {k}")], ClassPalette.FromColors([.. colors], voidColor: (1, 2, 3)));
        var data = Data("colors.png");
        string path = _folder.At("model.zip");
        _mlContext.Model.Save(estimator.Fit(data), data.Schema, path);

        byte[] expected = [.. PngFixtures.Expected(22).Select(k => (byte)(k + 1))];
        expected[7 * PngFixtures.Width + 4] = 0; // the pixel of the strange color, void here
        Assert.Equal(expected, _mlContext.Model.Load(path, out _).Transform(data).GetColumn<byte[]>("Label").Single());
    }

    [Fact]
    public void The_schema_has_keys_with_class_names_and_the_size() => AssertSchema(Fit().GetOutputSchema(Data("one.png").Schema));

    [Fact]
    public void The_estimators_schema_promises_what_the_transformer_gives()
    {
        var data = Data("one.png");
        Assert.Equal(
            Describe(SchemaShapes.Of(Fit().GetOutputSchema(data.Schema))),
            Describe(LoadMasks().GetOutputSchema(SchemaShapes.Of(data.Schema))));

        static List<string> Describe(SchemaShape shape) => [.. shape
            .Select(c => $"{c.Name}: {c.Kind} {c.ItemType} key={c.IsKey} ({string.Join(", ", Describe(c.Annotations))})")
            .Order()];
    }

    [Fact]
    public void The_size_alone_needs_only_the_header()
    {
        byte[] file = File.ReadAllBytes(_folder.At("one.png"));
        _folder.Write("header.png", file[..PngHeader.SizeInBytes]);
        var view = Fit().Transform(Data("header.png"));
        Assert.Equal([2, 3], view.GetColumn<int[]>("LabelSize").Single());
        Assert.Throws<InvalidDataException>(() => Unwrap(() => view.GetColumn<byte[]>("Label").Single()));
    }

    [Fact]
    public void Fits_into_a_pipeline_after_LoadImages()
    {
        _folder.WriteImage("one.jpg", 3, 2);
        var data = _mlContext.Data.LoadFromEnumerable([new Input { MaskPath = "one.png", ImagePath = "one.jpg" }]);
        var pipeline = _mlContext.Transforms.LoadImages("Image", _folder.Root, "ImagePath").Append(LoadMasks());
        string path = _folder.At("model.zip");
        _mlContext.Model.Save(pipeline.Fit(data), data.Schema, path);
        var view = _mlContext.Model.Load(path, out _).Transform(data);
        Assert.IsType<ImageDataViewType>(view.Schema["Image"].Type);
        Assert.Equal([1, 2, 3, 0, 2, 1], view.GetColumn<byte[]>("Label").Single());
    }

    [Fact]
    public void A_prediction_engine_sees_each_rows_own_mask()
    {
        using var engine = _mlContext.Model.CreatePredictionEngine<Input, Output>(Fit());
        Assert.Equal([1, 2, 3, 0, 2, 1], engine.Predict(new Input { MaskPath = "one.png" }).Label);
        var second = engine.Predict(new Input { MaskPath = _folder.At("two.png") });
        Assert.Equal([3, 3], second.Label);
        Assert.Equal([2, 1], second.LabelSize);
    }

    [Fact]
    public void Errors_in_masks_reach_the_reader_of_the_column()
    {
        _folder.WriteMask("bad.png", [0, 7], 2, 1);
        var view = Fit().Transform(Data("one.png", "bad.png"));
        var exception = Assert.Throws<InvalidDataException>(() => Unwrap(() => view.GetColumn<byte[]>("Label").ToList()));
        Assert.Contains("bad.png': pixel (x = 1, y = 0) has the class 7", exception.Message);
        Assert.Throws<FileNotFoundException>(() => Unwrap(() => Fit().Transform(Data("none.png")).GetColumn<byte[]>("Label").ToList()));
        exception = Assert.Throws<InvalidDataException>(() => Unwrap(() => Fit().Transform(Data("")).GetColumn<byte[]>("Label").ToList()));
        Assert.Contains("'MaskPath'", exception.Message);
    }

    [Fact]
    public void Refuses_a_missing_or_wrongly_typed_input_column()
    {
        var data = Data("one.png");
        var missing = Catalog.LoadMasks("Label", null, "Mask", Names);
        AssertNames("Mask", () => missing.Fit(data));
        AssertNames("Mask", () => missing.GetOutputSchema(SchemaShapes.Of(data.Schema)));
        var wrong = Catalog.LoadMasks("Label", null, "Number", Names);
        AssertNames("Number", () => wrong.Fit(data));
        AssertNames("Number", () => wrong.GetOutputSchema(SchemaShapes.Of(data.Schema)));

        static void AssertNames(string column, Action action)
        {
            var exception = Assert.Throws<ArgumentOutOfRangeException>(action);
            Assert.Contains($"'{column}'", exception.Message);
            Assert.Contains("Text", exception.Message);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_without_the_column_of_masks_passes_through(bool saved)
    {
        ITransformer loader = Fit();
        if (saved)
        {
            _mlContext.Model.Save(loader, Data("one.png").Schema, _folder.At("model.zip"));
            loader = new MLContext().Model.Load(_folder.At("model.zip"), out _);
        }
        IDataView photos = _mlContext.Data.LoadFromEnumerable([new Photo { ImagePath = "a.jpg" }, new Photo { ImagePath = "b.jpg" }]);
        IDataView view = loader.Transform(photos);
        Assert.Equal(["ImagePath"], view.Schema.Select(column => column.Name));
        Assert.Equal(["ImagePath"], loader.GetOutputSchema(photos.Schema).Select(column => column.Name));
        Assert.Equal(["a.jpg", "b.jpg"], view.GetColumn<string>("ImagePath"));
        using var engine = _mlContext.Model.CreatePredictionEngine<Photo, Photo>(loader);
        Assert.Equal("c.jpg", engine.Predict(new Photo { ImagePath = "c.jpg" }).ImagePath);
        Assert.Contains("no column 'Label'", Assert.Throws<ArgumentOutOfRangeException>(() => _mlContext.Segmentation().Evaluate(view)).Message);
    }

    [Fact]
    public void A_column_of_masks_that_is_not_text_is_refused_when_scoring_too()
    {
        ITransformer loader = Fit();
        IDataView wrong = _mlContext.Data.LoadFromEnumerable([new WrongPath()]);
        Assert.Contains("'MaskPath' has the type Single", Assert.Throws<ArgumentOutOfRangeException>(() => loader.Transform(wrong)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => loader.GetOutputSchema(wrong.Schema));
    }

    [Fact]
    public void Refuses_bad_arguments()
    {
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("", null, "MaskPath", Names));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "", Names));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "MaskPath", ["one"]));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "MaskPath", ["one", " "]));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "MaskPath", ["one", "one"]));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "MaskPath", [.. Enumerable.Range(0, 256).Select(i => $"{i}")]));
        Assert.Throws<ArgumentException>(() => Catalog.LoadMasks("Label", null, "MaskPath", Names, ClassPalette.FromColors([(1, 2, 3), (4, 5, 6)])));
        Assert.Throws<DirectoryNotFoundException>(() => Catalog.LoadMasks("Label", _folder.At("none"), "MaskPath", Names));
        Catalog.LoadMasks("Label", null, "MaskPath", [.. Enumerable.Range(0, 255).Select(i => $"{i}")]);
    }

    private SegmentationTransformsCatalog Catalog => _mlContext.Segmentation().Transforms;

    private MaskLoadingEstimator LoadMasks() => Catalog.LoadMasks("Label", _folder.Root, "MaskPath", Names);

    private MaskLoadingTransformer Fit() => LoadMasks().Fit(Data("one.png"));

    private IDataView Data(params string[] files) =>
        _mlContext.Data.LoadFromEnumerable(files.Select(file => new Input { MaskPath = file }));

    private void AssertLoads(ITransformer transformer)
    {
        var view = transformer.Transform(Data("one.png", "two.png"));
        Assert.Equal([[1, 2, 3, 0, 2, 1], [3, 3]], view.GetColumn<byte[]>("Label"));
        Assert.Equal([[2, 3], [2, 1]], view.GetColumn<int[]>("LabelSize"));
    }

    private static void AssertSchema(DataViewSchema schema)
    {
        var label = Assert.IsType<VectorDataViewType>(schema["Label"].Type);
        Assert.False(label.IsKnownSize);
        Assert.Equal(new KeyDataViewType(typeof(byte), 3), label.ItemType);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Int32, 2), schema["LabelSize"].Type);
        VBuffer<ReadOnlyMemory<char>> names = default;
        schema["Label"].Annotations.GetValue("KeyValues", ref names);
        Assert.Equal(Names, names.DenseValues().Select(name => name.ToString()));
    }

    // Internal in ML.NET; estimator chains call it.
    // ML.NET reads ahead on other threads and wraps what is thrown there.
    private static void Unwrap(Action action)
    {
        try
        {
            action();
        }
        catch (InvalidOperationException exception) when (exception.InnerException is { } inner)
        {
            throw inner;
        }
    }

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class WrongPath
    {
        public float MaskPath { get; set; }
    }

    private sealed class Input
    {
        public string MaskPath { get; set; } = "";

        public string ImagePath { get; set; } = "";

        public float Number { get; set; }
    }

    private sealed class Output
    {
        public byte[] Label { get; set; } = [];

        public int[] LabelSize { get; set; } = [];
    }
}
