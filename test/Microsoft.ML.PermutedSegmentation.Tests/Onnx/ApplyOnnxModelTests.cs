using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>ML.NET's own ONNX transformer, which needs no code of this library but for the permutations.</summary>
public sealed class ApplyOnnxModelTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    [Theory]
    [InlineData(ColorPatches.Size, ColorPatches.Size, true)]
    [InlineData(ColorPatches.Size, ColorPatches.Size, false)]
    [InlineData(56, 72, false)]
    public void Gives_the_models_labels_with_the_permutations_as_columns(int height, int width, bool fixedSize)
    {
        var mlContext = new MLContext();
        string path = exported.Write($"{height}-{fixedSize}.onnx", new OnnxExportOptions { FixedSize = fixedSize });
        using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(path);
        var permutations = exported.Key.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap);
        var pipeline = mlContext.Transforms.ResizeImages("Image", width, height, "Image", ImageResizingEstimator.ResizingKind.Fill)
            .Append(mlContext.Transforms.ExtractPixels("image", "Image", interleavePixelColors: true, outputAsFloatArray: false))
            .Append(mlContext.Transforms.CustomMapping((PixelRow _, Permutations output) => output.Set(permutations), contractName: null))
            .Append(mlContext.Transforms.ApplyOnnxModel(
                ["labels"], ["image", .. permutations.Keys], path, new Dictionary<string, int[]> { ["image"] = [1, height, width, 3] }, recursionLimit: 100));
        ITransformer fitted = pipeline.Fit(Rows());
        byte[][] labels = [.. fitted.Transform(Rows()).GetColumn<byte[]>("labels")];
        Assert.Equal(
            exported.Unlocked.Transform(fitted.Transform(Rows())).GetColumn<byte[]>("PredictedLabel").Select(row => row.Select(label => (byte)(label - 1))),
            labels.Select(row => row.AsEnumerable()));

        // Anew each time: the transforms of images dispose what they have read.
        IDataView Rows() => mlContext.Data.LoadFromEnumerable(ColorPatches.Create(5, seed: 4));
    }

    private sealed class PixelRow
    {
        public string Name { get; set; } = "";
    }

    private sealed class Permutations
    {
        [VectorType(64), ColumnName("permutation_1")] public long[] Stem { get; set; } = [];
        [VectorType(64), ColumnName("permutation_2")] public long[] Stage1 { get; set; } = [];
        [VectorType(128), ColumnName("permutation_3")] public long[] Stage2 { get; set; } = [];
        [VectorType(256), ColumnName("permutation_4")] public long[] Stage3 { get; set; } = [];
        [VectorType(512), ColumnName("permutation_5")] public long[] Stage4 { get; set; } = [];
        [VectorType(128), ColumnName("permutation_6")] public long[] Head { get; set; } = [];

        public void Set(IReadOnlyDictionary<string, long[]> values) => (Stem, Stage1, Stage2, Stage3, Stage4, Head) =
            (values["permutation_1"], values["permutation_2"], values["permutation_3"], values["permutation_4"], values["permutation_5"], values["permutation_6"]);
    }
}
