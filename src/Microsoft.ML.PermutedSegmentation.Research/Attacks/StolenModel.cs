using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>What a thief has: a model as it is in its file.</summary>
/// <param name="model">It must be locked if it is sealed: unlocked, it holds what is encrypted in the file.</param>
/// <param name="device">Where networks go.</param>
internal sealed class StolenModel(SegmentationModel model, Device device)
{
    public ModelDescription Description => model.Description;

    public Device Device => device;

    /// <summary>The keyed maps, in the order of the network.</summary>
    public IReadOnlyList<FeatureMaps> KeyedMaps => Description.FeatureMaps.Each();

    /// <summary>A network with copies of the stored weights, with guessed permutations undone.</summary>
    /// <param name="guess">A guess of α for keyed maps; those that are missing stay as they are.</param>
    /// <param name="generator">Only needed to train the network.</param>
    public TorchNetwork Copy(IReadOnlyDictionary<FeatureMaps, int[]>? guess = null, Generator? generator = null)
    {
        var protection = new WeightProtection(Description.Layout, guess ?? new Dictionary<FeatureMaps, int[]>());
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in model.StoredState())
        {
            using (stored)
            using (Tensor usable = Description.IsSealed ? SealedNoise.ToWeights(name, stored) : stored.alias())
            using (Tensor guessed = protection.Unprotect(name, usable))
                state[name] = guessed.clone();
        }
        return TorchNetwork.FromState(Description.Layout, state, generator);
    }
}
