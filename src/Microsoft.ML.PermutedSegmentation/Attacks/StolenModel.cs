using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a thief has: a model as it is in its file.</summary>
internal sealed class StolenModel(SegmentationModel model, Device device)
{
    public ModelDescription Description => model.Description;

    public Device Device => device;

    /// <summary>Where the key permutes channels, in the order of the network, each with its channels.</summary>
    public IReadOnlyList<(PermutationPoint Point, int Channels)> Points => PermutationPoints.For(Description.Architecture, Description.FeatureMaps);

    /// <summary>A network with copies of the stored weights, with guessed permutations undone.</summary>
    /// <param name="guess">A guess of α for points; those that are missing stay as they are.</param>
    /// <param name="generator">Only needed to train the network.</param>
    public FcnNetwork Copy(IReadOnlyDictionary<PermutationPoint, int[]>? guess = null, Generator? generator = null)
    {
        var protection = new WeightProtection(Description.Architecture, guess ?? new Dictionary<PermutationPoint, int[]>());
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in model.StoredState())
        {
            using (stored)
            using (Tensor guessed = protection.Unprotect(name, stored))
                state[name] = guessed.clone();
        }
        return FcnNetwork.FromState(Description.Architecture, state, generator);
    }

    /// <summary>The convolutions that read a point first, each with the batch norm behind it (null for the classifier, which has none).</summary>
    public IEnumerable<(string Convolution, string? BatchNorm)> ReadersOf(PermutationPoint point)
    {
        if (point.Convolution is { } inner)
        {
            yield return (inner, inner.Replace(".conv", ".bn", StringComparison.Ordinal));
            yield break;
        }
        if (point.Map is FeatureMaps.Stage4 or FeatureMaps.Head)
        {
            yield return point.Map == FeatureMaps.Head ? ("classifier.4", null) : ("classifier.0", "classifier.1");
            yield break;
        }
        int stage = point.Map.Number();
        string block = $"backbone.layer{stage}.0";
        yield return ($"{block}.conv1", $"{block}.bn1");
        if (Description.Architecture.HasProjection(stage, block: 0))
            yield return ($"{block}.downsample.0", $"{block}.downsample.1");
    }
}
