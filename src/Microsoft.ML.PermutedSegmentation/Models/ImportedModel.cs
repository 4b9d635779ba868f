using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Makes a model of weights that were trained elsewhere.</summary>
internal static class ImportedModel
{
    /// <summary>An unprotected model with the given weights, which it shares.</summary>
    /// <exception cref="ArgumentException">The weights are locked or have no classifier, or there are not as many class names.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The output stride is not possible with the backbone, or a side of the image not a multiple of it.</exception>
    public static PermutedSegmentationTransformer Create(
        IHostEnvironment environment, SegmentationWeights weights, IReadOnlyList<string> classNames, int imageHeight, int imageWidth, int? outputStride)
    {
        if (weights.IsLocked)
            throw new ArgumentException("The weights are those of a locked model. Load that model itself and unlock it with mlContext.Segmentation().Unlock(model, key).", nameof(weights));
        if (weights is not { ClassCount: { } classCount, Network: { } network })
            throw new ArgumentException($"The weights are those of a {weights.Backbone} alone, without a classifier: train a model from them, as Options.InitialWeights.", nameof(weights));
        if (classNames.Count != classCount)
            throw new ArgumentException($"The weights distinguish {classCount} classes, but there are {classNames.Count} class names.", nameof(classNames));
        var description = new ModelDescription(network, weights.Backbone, outputStride ?? NetworkLayout.DefaultOutputStrideOf(weights.Backbone), imageHeight, imageWidth, classNames);
        using var use = weights.Use();
        TorchNetwork plain = TorchNetwork.FromState(
            description.Layout, use.Value.ToDictionary(entry => entry.Key, entry => entry.Value.alias()));
        return new PermutedSegmentationTransformer(environment, SegmentationModel.Stored(description, plain));
    }
}
