using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>What a thief has: a model as it is in its file.</summary>
internal sealed class StolenModel(SegmentationModel model, Device device)
{
    public ModelDescription Description => model.Description;

    public Device Device => device;

    /// <summary>The keyed maps, in the order of the network.</summary>
    public IReadOnlyList<FeatureMaps> KeyedMaps => Description.FeatureMaps.Each();

    /// <summary>A network with copies of the stored weights, with guessed permutations undone.</summary>
    /// <param name="guess">A guess of α for keyed maps; those that are missing stay as they are.</param>
    /// <param name="generator">Only needed to train the network.</param>
    public FcnNetwork Copy(IReadOnlyDictionary<FeatureMaps, int[]>? guess = null, Generator? generator = null)
    {
        var protection = new WeightProtection(Description.Architecture, guess ?? new Dictionary<FeatureMaps, int[]>());
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in model.StoredState())
        {
            using (stored)
            using (Tensor guessed = protection.Unprotect(name, stored))
                state[name] = guessed.clone();
        }
        return FcnNetwork.FromState(Description.Architecture, state, generator);
    }

    /// <summary>The convolutions that read a map first, each with the batch norm behind it (null for the classifier, which has none).</summary>
    public IEnumerable<(string Convolution, string? BatchNorm)> ReadersOf(FeatureMaps map)
    {
        if (map is FeatureMaps.Stage4 or FeatureMaps.Head)
        {
            yield return map == FeatureMaps.Head ? ("classifier.4", null) : ("classifier.0", "classifier.1");
            yield break;
        }
        int stage = map.Number();
        string block = $"backbone.layer{stage}.0";
        yield return ($"{block}.conv1", $"{block}.bn1");
        if (Description.Architecture.HasProjection(stage, block: 0))
            yield return ($"{block}.downsample.0", $"{block}.downsample.1");
    }
}
