using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What models and weights hold, for tests, which have them for themselves and need no lease.</summary>
internal static class NativeMemory
{
    public static TorchNetwork Network(this PermutedSegmentationTransformer transformer) => transformer.Model.Network();

    public static TorchNetwork Network(this SegmentationModel model)
    {
        using var use = model.Use();
        return use.Value.Network;
    }

    public static IReadOnlyDictionary<string, Tensor> State(this SegmentationWeights weights)
    {
        using var use = weights.Use();
        return use.Value;
    }
}
