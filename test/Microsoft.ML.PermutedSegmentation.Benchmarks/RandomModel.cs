using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks;

/// <summary>An FCN with torchvision's random initial weights: it takes as long as a trained one.</summary>
internal static class RandomModel
{
    /// <summary>A locked model, or an unprotected one when <paramref name="maps"/> is none.</summary>
    public static SegmentationModel Create(Backbone backbone, int outputStride, int size, int classes, FeatureMaps maps)
    {
        using var generator = new torch.Generator(1);
        var description = new ModelDescription(
            SegmentationNetwork.Fcn, backbone, outputStride, size, size, [.. Enumerable.Range(0, classes).Select(k => $"{k}")]);
        if (maps != FeatureMaps.None)
            description = description.With(new ModelProtection(maps, imageStep: null, new byte[PermutationKey.ModelSaltSizeInBytes], fingerprint: null));
        return SegmentationModel.Stored(description, new TorchNetwork(description.Layout, generator));
    }
}
