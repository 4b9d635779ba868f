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
        return models.Write(new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Name = operation,
                Node = { node },
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

    private sealed class Prediction
    {
        public byte[] PredictedLabel { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
