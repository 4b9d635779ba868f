using System.IO.Compression;
using System.Reflection;
using System.Text;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Onnx;
using Xunit;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>ONNX files as steps of an ML.NET pipeline.</summary>
public sealed class ApplyProtectedOnnxTests(ForeignModels models) : IClassFixture<ForeignModels>
{
    private static readonly string[] Classes = ["background", "red", "green"];

    private readonly MLContext _mlContext = new(seed: 1);

    private static OnnxModelOptions Options => new() { Normalization = PixelNormalization.ImageNet, ClassNames = Classes };

    private SegmentationCatalog Segmentation => _mlContext.Segmentation();

    private IDataView Data => ColorPatches.View(_mlContext, 7);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Masks_and_metrics_are_those_of_the_segmenter(bool seal, bool ofImageSize)
    {
        string path = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = seal });
        OnnxModelOptions options = Options;
        options.MasksOfImageSize = ofImageSize;
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, models.Key, options).Fit(Data);
        Assert.Equal((true, true, seal), (model.IsUnlocked, model.IsProtected, model.IsSealed));
        IDataView scored = model.Transform(Data);
        byte[][] expected = Expected(models.At(ForeignModels.UNet), options);
        Assert.Equal(expected, scored.GetColumn<byte[]>("PredictedLabel"));
        if (ofImageSize)
            Assert.All(scored.GetColumn<int[]>("PredictedLabelSize"), size => Assert.Equal([ColorPatches.Size, ColorPatches.Size], size));

        // Another implementation of the metric.
        (int height, int width) = ofImageSize ? (ColorPatches.Size, ColorPatches.Size) : (16, 16);
        var evaluator = new SegmentationEvaluator(Classes);
        foreach ((byte[] truth, byte[] predicted) in scored.GetColumn<byte[]>("Label").Zip(expected))
            evaluator.AddImage(MaskResizer.Resize(truth, ColorPatches.Size, ColorPatches.Size, height, width), predicted);
        SegmentationMetrics metrics = Segmentation.Evaluate(scored);
        Assert.Equal(evaluator.ToMetrics().MeanIntersectionOverUnion, metrics.MeanIntersectionOverUnion, 1e-12);
        Assert.Equal(Classes, metrics.ClassNames);
    }

    [Fact]
    public void Scores_are_probabilities()
    {
        // The scores of the three classes are the colors' values divided by 50.
        var options = new OnnxModelOptions { Normalization = new PixelNormalization([0, 0, 0], [50, 50, 50]), ClassNames = Classes };
        float[] softmax = Score(options, "Identity", 32);
        // With softmax in the graph they are probabilities already, and are not made flatter by another one.
        float[] twice = Score(options, "Softmax", 32);
        byte[] rgb = RgbPixels.From(ColorPatches.Create(1)[0].Image);
        for (int i = 0; i < rgb.Length; i++)
        {
            (int pixel, int channel) = (i / 3, i % 3);
            double expected = Math.Exp(rgb[i] / 50.0) / Enumerable.Range(0, 3).Sum(k => Math.Exp(rgb[3 * pixel + k] / 50.0));
            Assert.Equal(expected, softmax[channel * rgb.Length / 3 + pixel], 1e-4);
            Assert.Equal(expected, twice[channel * rgb.Length / 3 + pixel], 1e-4);
        }
    }

    [Fact]
    public void One_score_becomes_two_probabilities()
    {
        byte[] rgb = RgbPixels.From(ColorPatches.Create(1)[0].Image);
        foreach ((PixelNormalization normalization, float threshold) in new[] { (PixelNormalization.ZeroToOne, 0.5f), (new PixelNormalization([127.5f, 127.5f, 127.5f], [50, 50, 50]), 0f) })
        {
            float[] scores = Score(new OnnxModelOptions { Normalization = normalization, ClassNames = ["no", "yes"], Threshold = threshold }, "ReduceMax", 32);
            for (int pixel = 0; pixel < rgb.Length / 3; pixel++)
            {
                double value = (rgb[(3 * pixel)..(3 * pixel + 3)].Max() - normalization.Mean[0]) / normalization.Deviation[0];
                double expected = threshold == 0 ? 1 / (1 + Math.Exp(-value)) : value;
                Assert.Equal(1 - expected, scores[pixel], 1e-4);
                Assert.Equal(expected, scores[rgb.Length / 3 + pixel], 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_saved_pipeline_is_locked_until_it_is_unlocked(bool seal)
    {
        string path = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = seal }), saved = models.At(Path.GetRandomFileName());
        var pipeline = _mlContext.Transforms.CopyColumns("Copy", "Name").Append(Segmentation.Transforms.ApplyProtectedOnnx(path, models.Key, Options));
        byte[][] right = Expected(models.At(ForeignModels.UNet), Options);
        using (TransformerChain<ProtectedOnnxTransformer> model = pipeline.Fit(Data))
        {
            Assert.Equal(right, Masks(model));
            _mlContext.Model.Save(model, Data.Schema, saved);
        }
        File.Delete(path);

        using var loaded = (TransformerChain<ITransformer>)new MLContext().Model.Load(saved, out _);
        Assert.False(Segmentation.IsUnlocked(loaded));
        Assert.Equal(Segmentation.IsUnlocked(loaded), ((ProtectedOnnxTransformer)loaded.LastTransformer).IsUnlocked);
        Assert.Equal(Classes, ((ProtectedOnnxTransformer)loaded.LastTransformer).ClassNames);
        Assert.NotNull(loaded.GetOutputSchema(Data.Schema).GetColumnOrNull("Score"));
        if (seal)
            Assert.Contains("Unlock", Assert.Throws<InvalidOperationException>(() => Masks(loaded)).Message);
        else
            Assert.NotEqual(right, Masks(loaded));
        Assert.Throws<WrongKeyException>(() => Segmentation.Unlock(loaded, models.OtherKey, verify: true));
        using TransformerChain<ITransformer> unlocked = Segmentation.Unlock(loaded, models.Key);
        Assert.Equal(right, Masks(unlocked));
        using TransformerChain<ITransformer> locked = Segmentation.Lock(unlocked);
        Assert.False(Segmentation.IsUnlocked(locked));
    }

    [Fact]
    public void A_prediction_engine_predicts_one_row()
    {
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(models.At(ForeignModels.UNet), model: Options).Fit(Data);
        var patches = ColorPatches.Create(2);
        using var engine = _mlContext.Model.CreatePredictionEngine<PatchRow, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });
        byte[][] expected = Expected(models.At(ForeignModels.UNet), Options);
        for (int i = 0; i < 2; i++)
        {
            Prediction prediction = engine.Predict(patches[i]);
            Assert.Equal(expected[i], prediction.PredictedLabel);
            Assert.Equal(expected[i].Select(label => label - 1), Enumerable.Range(0, 256).Select(p => Enumerable.Range(0, 3).MaxBy(k => prediction.Score[k * 256 + p])));
        }
    }

    [Fact]
    public void The_key_conditions_are_what_each_gives_by_itself()
    {
        string path = models.Protect(ForeignModels.UNet);
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, models.Key, Options).Fit(Data);
        AccessControlMetrics metrics = Segmentation.EvaluateAccessControl(model, Data, models.Key, wrongKeyCount: 2, trainingData: Data);
        Assert.Equal(Evaluate(models.At(ForeignModels.UNet)), metrics.Correct.MeanIntersectionOverUnion);
        Assert.Equal(Evaluate(path), metrics.NoKey.MeanIntersectionOverUnion);
        Assert.NotEqual(metrics.Correct.MeanIntersectionOverUnion, metrics.NoKey.MeanIntersectionOverUnion);
        Assert.Equal(2, metrics.Incorrect.PerKey.Select(one => one.PixelAccuracy).Distinct().Count());
        Assert.NotNull(metrics.MostFrequentClassPerPixel);

        Assert.Throws<WrongKeyException>(() => Segmentation.EvaluateAccessControl(model, Data, models.OtherKey, 1));
        Assert.Contains("sealed", Assert.Throws<ArgumentException>(() => Evaluated(models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = true }), models.Key)).Message);
        Assert.Contains("not protected", Assert.Throws<ArgumentException>(() => Evaluated(models.At(ForeignModels.UNet), null)).Message);

        double Evaluate(string file)
        {
            using ProtectedOnnxTransformer asItIs = Segmentation.Transforms.ApplyProtectedOnnx(file, model: Options).Fit(Data);
            return Segmentation.Evaluate(asItIs.Transform(Data)).MeanIntersectionOverUnion;
        }

        void Evaluated(string file, PermutationKey? key)
        {
            using ProtectedOnnxTransformer other = Segmentation.Transforms.ApplyProtectedOnnx(file, key, Options).Fit(Data);
            Segmentation.EvaluateAccessControl(other, Data, models.Key, 1);
        }
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        SegmentationTransformsCatalog transforms = Segmentation.Transforms;
        string closed = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = true }), plain = models.At(ForeignModels.UNet);
        Assert.Contains("sealed", Assert.Throws<InvalidOperationException>(() => transforms.ApplyProtectedOnnx(closed, model: Options)).Message);
        Assert.Throws<WrongKeyException>(() => transforms.ApplyProtectedOnnx(closed, models.OtherKey, Options));
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => transforms.ApplyProtectedOnnx(plain, models.Key, Options)).Message);
        Assert.Contains("Normalization", Assert.Throws<InvalidOperationException>(() => transforms.ApplyProtectedOnnx(plain)).Message);
        Assert.Throws<FileNotFoundException>(() => transforms.ApplyProtectedOnnx(models.At("missing.onnx")));
        Assert.Throws<ArgumentException>(() => transforms.ApplyProtectedOnnx(plain, model: Options, predictedLabelColumnName: ""));
        ProtectedOnnxEstimator estimator = transforms.ApplyProtectedOnnx(plain, model: Options, imageColumnName: "Picture");
        Assert.Contains("'Picture'", Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(Data)).Message);
        Assert.Contains("'Picture'", Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaShapes.Of(Data.Schema))).Message);
        estimator = transforms.ApplyProtectedOnnx(plain, model: Options);
        using ProtectedOnnxTransformer model = estimator.Fit(Data);
        Assert.Contains(estimator.GetOutputSchema(SchemaShapes.Of(Data.Schema)), column => column.Name == "PredictedLabel" && column.IsKey);
        Assert.Contains("needs no key", Assert.Throws<InvalidOperationException>(() => Segmentation.Unlock(model, models.Key)).Message);
        Assert.Contains("needs no key", Assert.Throws<InvalidOperationException>(() => Segmentation.Lock(model)).Message);
        Assert.Contains("different names", Assert.Throws<ArgumentException>(() => transforms.ApplyProtectedOnnx(plain, model: Options, scoreColumnName: "PredictedLabel")).Message);
        using ProtectedOnnxTransformer keyed = transforms.ApplyProtectedOnnx(models.Protect(ForeignModels.UNet), models.Key, Options).Fit(Data);
        Assert.Contains("OnnxProtection", Assert.Throws<ArgumentException>(() => Segmentation.Protect(keyed, models.OtherKey)).Message);
        Assert.Contains("OnnxProtection", Assert.Throws<ArgumentException>(() => Segmentation.Protect(model, models.Key)).Message);
        Assert.Contains("OnnxProtection", Assert.Throws<ArgumentException>(() => Segmentation.Rekey(model, models.Key, models.OtherKey)).Message);
    }

    // Of a network that gives labels there is no column of scores.
    [Fact]
    public void Labels_have_no_scores()
    {
        string path = Write("ArgMax", [1, 3, 32, 32], DataType.Int64);
        var options = new OnnxModelOptions { Normalization = PixelNormalization.None, ClassNames = Classes };
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, model: options).Fit(Data);
        Assert.Null(model.GetOutputSchema(Data.Schema).GetColumnOrNull("Score"));
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, options);
        Assert.False(segmenter.HasProbabilities);
        Assert.Contains("labels", Assert.Throws<InvalidOperationException>(() => segmenter.Score(ColorPatches.Create(1)[0].Image)).Message);
        byte[] rgb = RgbPixels.From(ColorPatches.Create(1)[0].Image);
        Assert.Equal(Enumerable.Range(0, rgb.Length / 3).Select(p => (byte)(1 + Array.IndexOf(rgb, rgb[(3 * p)..(3 * p + 3)].Max(), 3 * p) - 3 * p)), Masks(model)[0]);
    }

    // Each of its own size, and none square.
    [Fact]
    public void Rows_are_scored_when_they_are_asked_for_at_the_size_of_their_image()
    {
        (int Height, int Width)[] sizes = [(20, 30), (41, 17), (16, 48)];
        string[] paths = [.. sizes.Select(size => models.At($"{size.Height}x{size.Width}.png"))];
        foreach (((int height, int width), string path) in sizes.Zip(paths))
            PngFile(path, height, width);
        OnnxModelOptions options = Options;
        options.MasksOfImageSize = true;
        string[] withMissing = [.. paths, models.At("missing.png")];
        IDataView files = _mlContext.Data.LoadFromEnumerable(withMissing.Select(path => new FileRow { ImagePath = path }));
        using var model = Segmentation.Transforms.LoadImages("Image", null, "ImagePath").Append(Segmentation.Transforms.ApplyProtectedOnnx(models.At(ForeignModels.UNet), model: options)).Fit(files);
        IDataView scored = model.Transform(files);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(models.At(ForeignModels.UNet), options);
        // A view that ran ahead would meet the file that is missing.
        foreach ((byte[] mask, int i) in scored.GetColumn<byte[]>("PredictedLabel").Take(3).Select((mask, i) => (mask, i)))
        {
            using MLImage image = ImageFile.Load(paths[i]);
            byte[,] expected = segmenter.Segment(image);
            Assert.Equal(sizes[i], (expected.GetLength(0), expected.GetLength(1)));
            Assert.Equal(MaskLabels.ToKeyValues(expected), mask);
        }
        Assert.Equal(sizes.Select(size => new[] { size.Height, size.Width }), scored.GetColumn<int[]>("PredictedLabelSize").Take(3));
        Assert.Equal(sizes.Select(size => 3 * size.Height * size.Width), scored.GetColumn<float[]>("Score").Take(3).Select(score => score.Length));
        Assert.Contains("missing.png", Assert.ThrowsAny<IOException>(() => scored.GetColumn<byte[]>("PredictedLabel").Count()).Message);
    }

    [Fact]
    public void A_row_that_cannot_be_scored_has_nothing_of_the_row_before()
    {
        // Two classes, and labels 0 to 2: what is brightest in blue cannot be.
        string path = Write("ArgMax", [1, 3, 2, 2], DataType.Int64);
        IDataView rows = _mlContext.Data.LoadFromEnumerable(new[] { (byte)0, (byte)2 }.Select(color => new SmallRow { Image = Plain(color) }));
        using ProtectedOnnxTransformer model = Segmentation.Transforms
            .ApplyProtectedOnnx(path, model: new OnnxModelOptions { Normalization = PixelNormalization.None, ClassNames = ["red", "green"] }).Fit(rows);
        IDataView scored = model.Transform(rows);
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        var labels = cursor.GetGetter<VBuffer<byte>>(scored.Schema["PredictedLabel"]);
        VBuffer<byte> mask = default;
        Assert.True(cursor.MoveNext());
        labels(ref mask);
        Assert.Equal([1, 1, 1, 1], mask.DenseValues());
        Assert.True(cursor.MoveNext());
        for (int i = 0; i < 2; i++)
            Assert.Contains("label 2", Assert.Throws<InvalidDataException>(() => labels(ref mask)).Message);
    }

    [Fact]
    public void Options_are_copied_and_kept_in_a_file()
    {
        string path = models.Protect(ForeignModels.UNet), saved = models.At(Path.GetRandomFileName());
        OnnxModelOptions options = Options;
        byte[][] right = Expected(models.At(ForeignModels.UNet), options);
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, models.Key, options).Fit(Data);
        (options.Normalization, options.MasksOfImageSize, options.IsBgr) = (PixelNormalization.MinusOneToOne, true, true);
        _mlContext.Model.Save(model, Data.Schema, saved);
        using var loaded = (ProtectedOnnxTransformer)_mlContext.Model.Load(saved, out _);
        using ProtectedOnnxTransformer unlocked = Segmentation.Unlock(loaded, models.Key);
        Assert.Equal(right, Masks(unlocked));

        foreach (OnnxModelOptions written in (OnnxModelOptions[])[new(), Full(true), Full(false)])
        {
            using var stream = new MemoryStream();
            OnnxFormat.Write(written, new BinaryWriter(stream));
            stream.Position = 0;
            OnnxModelOptions read = OnnxFormat.ReadOptions(new BinaryReader(stream));
            Assert.Equal(stream.Length, stream.Position);
            foreach (var property in typeof(OnnxModelOptions).GetProperties().Where(property => property.Name is not ("ClassNames" or "Normalization")))
                Assert.Equal(property.GetValue(written), property.GetValue(read));
            Assert.Equal(written.Normalization?.Mean, read.Normalization?.Mean);
            Assert.Equal(written.Normalization?.Deviation, read.Normalization?.Deviation);
        }

        static OnnxModelOptions Full(bool yes) => new()
        {
            Normalization = new PixelNormalization([1, 2, 3], [4, 5, 6]),
            ImageHeight = 7,
            ImageWidth = 8,
            ChannelsLast = yes,
            OutputChannelsLast = !yes,
            OutputsProbabilities = yes,
            IsBgr = !yes,
            InputName = "in",
            OutputName = "out",
            Threshold = 0.25f,
            MasksOfImageSize = yes,
        };
    }

    [Theory]
    [InlineData(ForeignModels.External, "other files")]
    [InlineData(ForeignModels.ManyForms, "damaged")]
    public void A_stranger_in_a_model_is_refused_and_reads_no_other_file(string stranger, string message)
    {
        string saved = Saved();
        Replace(saved, File.ReadAllBytes(models.At(stranger)));
        Assert.Contains(message, Assert.IsType<InvalidDataException>(LoadAndRun(saved)).Message);
    }

    // ONNX Runtime and this library would read a place that is given twice differently: for the one the tensor lies beside the file.
    [Fact]
    public void A_tensor_in_two_places_is_refused()
    {
        var weights = new TensorProto { Name = "w", DataType = (int)DataType.Float, Dims = { 3, 3, 1, 1 }, RawData = ByteString.CopyFrom(new byte[36]), DataLocation = TensorProto.Types.DataLocation.External };
        weights.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "beside.bin" });
        byte[] twice = [.. weights.ToByteArray(), (TensorProto.DataLocationFieldNumber << 3) & 0x7F, 7];
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Write(new NodeProto { OpType = "Conv", Input = { "x", "w" }, Output = { "y" } }, [1, 3, 2, 2], DataType.Float)));
        model.Graph.Initializer.Add(TensorProto.Parser.ParseFrom(twice));
        Assert.Equal(7, (int)model.Graph.Initializer[0].DataLocation);
        string path = models.Write(model.ToByteArray()), saved = Saved();
        Assert.Contains("nobody knows", Assert.Throws<InvalidDataException>(() => OnnxProtection.Describe(path)).Message);
        Replace(saved, File.ReadAllBytes(path));
        Assert.Contains("nobody knows", Assert.IsType<InvalidDataException>(LoadAndRun(saved)).Message);
    }

    [Fact]
    public void A_file_that_unpacks_to_a_hundred_times_its_size_is_refused()
    {
        string saved = Saved();
        Replace(saved, new byte[1 << 24], level: CompressionLevel.SmallestSize);
        Assert.True(new FileInfo(saved).Length < 1 << 20);
        Assert.Contains("packed", Assert.IsType<InvalidDataException>(LoadAndRun(saved)).Message);
    }

    [Fact]
    public void A_damaged_model_is_refused_or_runs()
    {
        string saved = Saved();
        byte[] header = Read(saved, "Model.key"), onnx = Read(saved, "Model.onnx");
        int refused = 0;
        // Behind it are the names of the assembly and the loader, which are ML.NET's.
        int end = header.AsSpan().IndexOf(Encoding.Unicode.GetBytes("Microsoft.ML."));
        for (int i = 0; i < end; i++)
        {
            byte[] changed = [.. header];
            changed[i] ^= 0xFF;
            Replace(saved, changed, "Model.key");
            Exception? exception = LoadAndRun(saved);
            // What ML.NET reads itself it refuses in its own way; and another column may be asked for.
            Assert.True(exception is null or InvalidDataException or FormatException or ArgumentOutOfRangeException, $"{i}: {exception}");
            refused += exception is InvalidDataException ? 1 : 0;
        }
        Assert.True(refused > 10, $"{refused}");
        Replace(saved, header, "Model.key");
        Assert.Null(LoadAndRun(saved));
        Replace(saved, onnx[..(onnx.Length / 2)]);
        Assert.IsType<InvalidDataException>(LoadAndRun(saved));
        Replace(saved, "<html>"u8.ToArray());
        Assert.IsType<InvalidDataException>(LoadAndRun(saved));
    }

    [Fact]
    public void After_its_disposal_it_says_so()
    {
        ProtectedOnnxEstimator estimator = Segmentation.Transforms.ApplyProtectedOnnx(models.Protect(ForeignModels.UNet), models.Key, Options);
        ProtectedOnnxTransformer model = estimator.Fit(Data);
        IEnumerable<byte[]> masks = model.Transform(Data).GetColumn<byte[]>("PredictedLabel");
        _ = masks.First();
        model.Dispose();
        foreach (Action use in (Action[])[() => estimator.Fit(Data), () => model.Transform(Data), () => _ = masks.First(), () => Segmentation.Unlock(model, models.Key), () => Segmentation.Lock(model), () => Segmentation.EvaluateAccessControl(model, Data, models.Key, 1)])
            Assert.Contains("PredictionEngine", Assert.Throws<ObjectDisposedException>(use).Message);
        Assert.Equal(Classes, model.ClassNames);
    }

    [Fact]
    public void A_key_that_encrypts_images_before_a_plain_model_unlocks_the_chain()
    {
        var encryption = Segmentation.Transforms.BlockwiseEncrypt(models.Key, BlockTransformMethod.NegativePositive, 4).Fit(Data);
        using ProtectedOnnxTransformer plain = Segmentation.Transforms.ApplyProtectedOnnx(models.At(ForeignModels.UNet), model: Options).Fit(Data);
        var chain = new TransformerChain<ITransformer>(encryption, plain);
        byte[][] right = Masks(chain);
        using TransformerChain<ITransformer> locked = Segmentation.Lock(chain);
        Assert.False(Segmentation.IsUnlocked(locked));
        Assert.NotEqual(right, Masks(locked));
        using TransformerChain<ITransformer> unlocked = Segmentation.Unlock(locked, models.Key);
        Assert.True(Segmentation.IsUnlocked(unlocked));
        Assert.Equal(right, Masks(unlocked));
        Assert.Equal(Segmentation.Evaluate(chain.Transform(Data)).PixelAccuracy, Segmentation.EvaluateAccessControl(chain, Data, models.Key, 1).Correct.PixelAccuracy);
    }

    // The tensors of this one are beside it: it runs, but no model of ML.NET can hold it.
    [Fact]
    public void Tensors_beside_the_file_are_used_and_not_saved()
    {
        var node = new NodeProto { OpType = "Conv", Input = { "x", "w" }, Output = { "y" } };
        var weights = new TensorProto { Name = "w", DataType = (int)DataType.Float, Dims = { 3, 3, 1, 1 }, DataLocation = TensorProto.Types.DataLocation.External };
        weights.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "beside.bin" });
        // The classes are the colors, in another order.
        float[] values = [0, 0, 1, 1, 0, 0, 0, 1, 0];
        File.WriteAllBytes(models.At("beside.bin"), [.. values.SelectMany(BitConverter.GetBytes)]);
        string path = Write(node, [1, 3, 2, 2], DataType.Float, weights);
        IDataView rows = _mlContext.Data.LoadFromEnumerable(new[] { (byte)0, (byte)1, (byte)2 }.Select(color => new SmallRow { Image = Plain(color) }));
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, model: new OnnxModelOptions { Normalization = PixelNormalization.None }).Fit(rows);
        Assert.Equal([2, 3, 1], model.Transform(rows).GetColumn<byte[]>("PredictedLabel").Select(mask => (int)mask[0]));
        Assert.Contains("one file", Assert.Throws<InvalidOperationException>(() => _mlContext.Model.Save(model, rows.Schema, models.At("beside.zip"))).Message);
    }

    // What ML.NET throws is wrapped more than once.
    private Exception? LoadAndRun(string saved)
    {
        try
        {
            using var loaded = (IDisposable)_mlContext.Model.Load(saved, out _);
            Masks((ITransformer)loaded);
            return null;
        }
        catch (Exception exception)
        {
            while (exception is TargetInvocationException or InvalidOperationException { InnerException: TargetInvocationException })
                exception = exception.InnerException!;
            return exception;
        }
    }

    private string Saved()
    {
        string saved = models.At(Path.GetRandomFileName());
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(models.At(ForeignModels.UNet), model: Options).Fit(Data);
        _mlContext.Model.Save(model, Data.Schema, saved);
        return saved;
    }

    private static string InArchive(string name) => $"TransformerChain/{name}";

    private static byte[] Read(string zip, string name)
    {
        using ZipArchive archive = ZipFile.OpenRead(zip);
        using Stream entry = archive.GetEntry(InArchive(name))!.Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }

    private static void Replace(string zip, byte[] content, string name = "Model.onnx", CompressionLevel level = CompressionLevel.NoCompression)
    {
        using ZipArchive archive = ZipFile.Open(zip, ZipArchiveMode.Update);
        archive.GetEntry(InArchive(name))!.Delete();
        using Stream stream = archive.CreateEntry(InArchive(name), level).Open();
        stream.Write(content);
    }

    private static MLImage Plain(byte color)
    {
        byte[] pixels = new byte[2 * 2 * 4];
        for (int i = 0; i < 4; i++)
            (pixels[4 * i + color], pixels[4 * i + 3]) = (200, 255);
        return MLImage.CreateFromPixels(2, 2, MLPixelFormat.Rgba32, pixels);
    }

    private static void PngFile(string path, int height, int width)
    {
        byte[] pixels = new byte[height * width * 4];
        new Random(height).NextBytes(pixels);
        for (int i = 3; i < pixels.Length; i += 4)
            pixels[i] = 255;
        using MLImage image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        image.Save(path);
    }

    private byte[][] Masks(ITransformer model) => [.. model.Transform(Data).GetColumn<byte[]>("PredictedLabel")];

    private static byte[][] Expected(string path, OnnxModelOptions options)
    {
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, options);
        return [.. ColorPatches.Create(7).Select(row => MaskLabels.ToKeyValues(segmenter.Segment(row.Image)))];
    }

    private float[] Score(OnnxModelOptions options, string operation, int size)
    {
        string path = Write(operation, [1, 3, size, size], DataType.Float);
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, model: options).Fit(Data);
        float[] first = model.Transform(Data).GetColumn<float[]>("Score").First();
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, options);
        Assert.Equal(first, segmenter.Score(ColorPatches.Create(1)[0].Image).Cast<float>());
        return first;
    }

    // One operator along the channels.
    private string Write(string operation, long[] shape, DataType output)
    {
        var node = new NodeProto { OpType = operation, Input = { "x" }, Output = { "y" } };
        if (operation is "Softmax" or "ArgMax")
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 1 });
        if (operation == "ReduceMax")
            node.Attribute.Add(new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1 } });
        if (operation == "ArgMax")
            node.Attribute.Add(new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        return Write(node, shape, output);
    }

    private string Write(NodeProto node, long[] shape, DataType output, params TensorProto[] tensors)
    {
        return models.Write(new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Name = node.OpType,
                Node = { node },
                Initializer = { tensors },
                Input = { ToValue("x", DataType.Float, shape) },
                Output = { new ValueInfoProto { Name = "y", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)output } } } },
            },
        }.ToByteArray());
    }

    private static ValueInfoProto ToValue(string name, DataType type, long[] shape) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)type,
                Shape = new TensorShapeProto { Dim = { shape.Select(length => new TensorShapeProto.Types.Dimension { DimValue = length }) } },
            },
        },
    };

    private sealed class FileRow
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class SmallRow
    {
        [ImageType(2, 2)]
        public MLImage Image { get; set; } = null!;
    }

    private sealed class Prediction
    {
        public byte[] PredictedLabel { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
