using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.BlockTransformMethod;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class BlockwiseEncryptTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))]);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Encrypts_images_in_place_of_the_plain_ones_and_leaves_those_alone()
    {
        Row[] rows = Rows(3);
        var transformer = Encrypt(Shuffle, 4).Fit(View(rows));
        Assert.True(transformer.IsUnlocked);
        Assert.Equal((Shuffle, 4), (transformer.Method, transformer.BlockSize));
        byte[][] encrypted = PixelsOf(transformer, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(RandomImages.Pixels(8, 12, seed: i), rows[i].Image.Pixels.ToArray());
            Assert.NotEqual(rows[i].Image.Pixels.ToArray(), encrypted[i]);
            Assert.Equal(rows[i].Image.Pixels.ToArray().Order(), encrypted[i].Order());
        }
        Assert.Equal(encrypted, PixelsOf(transformer, rows));
    }

    [Fact]
    public void Two_columns_keep_both_images_and_the_tag()
    {
        Row[] rows = Rows(1);
        rows[0].Image.Tag = "a.png";
        IDataView view = Transforms.BlockwiseEncrypt(_key, NegativePositive, 2, "Encrypted", "Image").Fit(View(rows)).Transform(View(rows));
        Assert.Equal(rows[0].Image.Pixels.ToArray(), view.GetColumn<MLImage>("Image").Single().Pixels.ToArray());
        MLImage encrypted = view.GetColumn<MLImage>("Encrypted").Single();
        Assert.Equal("a.png", encrypted.Tag);
        Assert.Equal((12, 8, MLPixelFormat.Rgba32), (encrypted.Width, encrypted.Height, encrypted.PixelFormat));
    }

    [Fact]
    public void Images_from_files_are_encrypted_in_a_pipeline()
    {
        using var folder = new TempFolder();
        folder.WriteImage("a.png", 8, 4, SkiaSharp.SKEncodedImageFormat.Png);
        IDataView files = _mlContext.Data.LoadFromEnumerable([new { File = "a.png" }]);
        var plain = _mlContext.Transforms.LoadImages("Image", folder.Root, "File");
        var model = plain.Append(Encrypt(NegativePositive, 2)).Fit(files);
        byte[] before = PixelsOf(plain.Fit(files).Transform(files)).Single(), after = PixelsOf(model.Transform(files)).Single();
        Assert.All(before.Zip(after), pair => Assert.True(pair.First == pair.Second || pair.First == 255 - pair.Second));
        Assert.Equal(8 * 4 * 3 / 2, before.Zip(after).Count(pair => pair.First != pair.Second)); // the keyed half: no value is its own negative
    }

    [Fact]
    public void The_key_may_be_disposed_when_the_estimator_is_made()
    {
        Row[] rows = Rows(1);
        BlockwiseEncryptingEstimator estimator;
        using (var shortLived = PermutationKey.Generate())
            estimator = Transforms.BlockwiseEncrypt(shortLived, FormatPreserving, 4);
        Assert.NotEqual(PlainOf(rows), PixelsOf(estimator.Fit(View(rows)), rows));
        Assert.Equal(PixelsOf(estimator.Fit(View(rows)), rows), PixelsOf(estimator.Fit(View(rows)), rows));
    }

    [Fact]
    public void Two_estimators_of_one_key_encrypt_differently()
    {
        Row[] rows = Rows(1);
        Assert.NotEqual(PixelsOf(Encrypt(Shuffle, 4).Fit(View(rows)), rows), PixelsOf(Encrypt(Shuffle, 4).Fit(View(rows)), rows));
    }

    [Fact]
    public void The_estimators_schema_promises_what_the_transformer_gives()
    {
        IDataView data = View(Rows(1));
        foreach (string name in (string[])["Image", "Encrypted"])
        {
            var estimator = Transforms.BlockwiseEncrypt(_key, Shuffle, 2, name, "Image");
            DataViewSchema schema = estimator.Fit(data).GetOutputSchema(data.Schema);
            Assert.Equal(new ImageDataViewType(8, 12), schema[name].Type);
            Assert.Equal(
                Describe(SchemaShapes.Of(schema)),
                Describe(estimator.GetOutputSchema(SchemaShapes.Of(data.Schema))));
        }

        static List<string> Describe(SchemaShape shape) => [.. shape.Select(c => $"{c.Name}: {c.Kind} {c.ItemType} key={c.IsKey}").Distinct().Order()];
    }

    [Fact]
    public void Refuses_a_missing_or_wrongly_typed_image_column()
    {
        IDataView data = View(Rows(1));
        foreach (string name in (string[])["Picture", "Name"])
        {
            var estimator = Transforms.BlockwiseEncrypt(_key, Shuffle, 2, "Image", name);
            Assert.Contains($"'{name}'", Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message);
            Assert.Contains($"'{name}'", Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaShapes.Of(data.Schema))).Message);
        }
    }

    [Fact]
    public void An_image_that_blocks_do_not_fill_is_an_error_with_row_size_and_remedy()
    {
        using var folder = new TempFolder();
        folder.WriteImage("whole.png", 8, 8);
        string path = folder.WriteImage("odd.png", width: 18, height: 12);
        Assert.Equal(
            $"Row 1, '{path}': the image is 12x18 (height x width), and the block size 4 does not divide both; resize images to multiples of 4, or choose a block size that does (2, 3, 6).",
            ErrorOf("whole.png", "odd.png"));
        folder.WriteImage("none.png", width: 4, height: 7);
        Assert.EndsWith("7x4 (height x width), and the block size 4 does not divide both; resize images to multiples of 4.", ErrorOf("none.png"));

        string ErrorOf(params string[] files)
        {
            IDataView data = _mlContext.Data.LoadFromEnumerable(files.Select(file => new { File = file }));
            var model = _mlContext.Transforms.LoadImages("Image", folder.Root, "File").Append(Encrypt(Shuffle, 4)).Fit(data);
            return Assert.Throws<InvalidDataException>(() => Unwrap(() => PixelsOf(model.Transform(data)))).Message;
        }
    }

    [Fact]
    public void A_known_size_that_blocks_do_not_fill_is_an_error_before_any_image_is_read()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Array.Empty<SizedRow>());
        var estimator = Encrypt(Shuffle, 4);
        Assert.Contains("'Image' are 10x20", Assert.Throws<ArgumentException>(() => estimator.Fit(data)).Message);
        Assert.Throws<ArgumentException>(() => estimator.GetOutputSchema(SchemaShapes.Of(data.Schema)));
        Encrypt(Shuffle, 5).Fit(data);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-4)]
    [InlineData(2049)]
    public void Refuses_block_sizes_outside_2_to_2048(int blockSize)
        => Assert.Throws<ArgumentOutOfRangeException>("blockSize", () => Encrypt(Shuffle, blockSize));

    [Fact]
    public void Refuses_other_bad_arguments()
    {
        Assert.Throws<ArgumentNullException>("key", () => Transforms.BlockwiseEncrypt(null!, Shuffle, 4));
        Assert.Throws<ArgumentOutOfRangeException>("method", () => Encrypt((BlockTransformMethod)3, 4));
        Assert.Throws<ArgumentException>("outputColumnName", () => Transforms.BlockwiseEncrypt(_key, Shuffle, 4, " "));
        Assert.Throws<ArgumentException>("inputColumnName", () => Transforms.BlockwiseEncrypt(_key, Shuffle, 4, "Image", ""));
        var disposed = PermutationKey.Generate();
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Transforms.BlockwiseEncrypt(disposed, Shuffle, 4));
    }

    private SegmentationTransformsCatalog Transforms => _mlContext.Segmentation().Transforms;

    private BlockwiseEncryptingEstimator Encrypt(BlockTransformMethod method, int blockSize) => Transforms.BlockwiseEncrypt(_key, method, blockSize);

    private static Row[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new Row { Image = RandomImages.Create(8, 12, seed: i) })];

    private IDataView View(Row[] rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private static byte[][] PlainOf(Row[] rows) => [.. rows.Select(row => row.Image.Pixels.ToArray())];

    private byte[][] PixelsOf(ITransformer transformer, Row[] rows) => PixelsOf(transformer.Transform(View(rows)));

    private static byte[][] PixelsOf(IDataView data) => [.. data.GetColumn<MLImage>("Image").Select(image => image.Pixels.ToArray())];

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

    private sealed class Row
    {
        [ImageType(8, 12)]
        public MLImage Image { get; set; } = null!;

        public string Name { get; set; } = "";
    }

    private sealed class SizedRow
    {
        [ImageType(10, 20)]
        public MLImage Image { get; set; } = null!;
    }
}
