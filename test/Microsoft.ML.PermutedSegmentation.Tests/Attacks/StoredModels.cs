namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Unprotected models without data: of square images and two classes.</summary>
internal static class StoredModels
{
    public static SegmentationModel Of(Backbone backbone, int size, Func<NetworkLayout, TorchNetwork> network)
    {
        var description = new ModelDescription(SegmentationNetwork.Fcn, backbone, outputStride: 8, size, size, ["a", "b"]);
        return SegmentationModel.Stored(description, network(description.Layout));
    }
}
