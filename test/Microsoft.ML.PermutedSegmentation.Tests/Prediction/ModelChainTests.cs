using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models inside of chains of chains, as pipelines that are put together of others give them.</summary>
public sealed class ModelChainTests : IClassFixture<TrainedModel>
{
    private readonly TrainedModel _trained;
    private readonly SegmentationCatalog _segmentation = new MLContext(seed: 11).Segmentation();
    private readonly ITransformer _nested;

    public ModelChainTests(TrainedModel trained)
    {
        _trained = trained;
        var transforms = trained.MLContext.Transforms;
        // The model reads what two transformers before it, of different depth, have made of the images of another name.
        IDataView rows = transforms.CopyColumns("Picture", "Image").Append(transforms.DropColumns("Image")).Fit(trained.Data).Transform(trained.Data);
        Rows = rows;
        ITransformer first = transforms.CopyColumns("Middle", "Picture").Fit(rows), second = transforms.CopyColumns("Image", "Middle").Fit(first.Transform(rows));
        ITransformer inner = new TransformerChain<ITransformer>(second, trained.Load());
        _nested = new TransformerChain<ITransformer>(first, new TransformerChain<ITransformer>(inner));
    }

    private IDataView Rows { get; }

    [Fact]
    public void A_nested_model_is_evaluated()
    {
        AccessControlMetrics expected = _segmentation.EvaluateAccessControl(_trained.Transformer, _trained.Data, _trained.Key, wrongKeyCount: 1);
        AccessControlMetrics nested = _segmentation.EvaluateAccessControl(_nested, Rows, _trained.Key, wrongKeyCount: 1);
        Assert.Equal(expected.Correct.MeanIntersectionOverUnion, nested.Correct.MeanIntersectionOverUnion);
        Assert.Equal(expected.NoKey.MeanIntersectionOverUnion, nested.NoKey.MeanIntersectionOverUnion);
    }

    [Fact]
    public void A_nested_model_is_exported()
    {
        Assert.Equal(OnnxModel.Export(_trained.Load()), OnnxModel.Export(_nested));
        using SegmentationWeights weights = SegmentationWeights.Of(_nested);
        Assert.True(weights.IsLocked);
    }

    [Fact]
    public void A_nested_model_is_unlocked()
    {
        byte[][] labels = [.. _segmentation.Unlock(_nested, _trained.Key).Transform(Rows).GetColumn<byte[]>("PredictedLabel")];
        Assert.Equal(_trained.LabelsOf(_trained.Transformer), labels);
    }
}
