namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Unprotected models without data: of square images and two classes.</summary>
internal static class StoredModels
{
    public static SegmentationModel Of(Backbone backbone, int size, Func<NetworkLayout, TorchNetwork> network)
    {
        var description = new ModelDescription
        {
            Backbone = backbone,
            OutputStride = 8,
            ImageHeight = size,
            ImageWidth = size,
            ClassNames = ["a", "b"],
            FeatureMaps = FeatureMaps.None,
            ImageColumnName = "Image",
            PredictedLabelColumnName = "PredictedLabel",
            ScoreColumnName = "Score",
        };
        return SegmentationModel.Stored(description, network(description.Layout));
    }
}
