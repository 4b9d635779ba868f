namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>What a key, right or wrong, does to a model.</summary>
/// <param name="Weights">Undone in memory and done again when the model is saved.</param>
/// <param name="Images">What happens to images before the network reads them; null without block-wise encryption.</param>
/// <param name="Fingerprint">The fingerprint of that key, stored or not; null when the model has no salt.</param>
internal sealed record KeyEffect(WeightProtection Weights, BlockTransform? Images, byte[]? Fingerprint)
{
    /// <summary>The effect of a key on the model described.</summary>
    public static KeyEffect Of(PermutationKey key, ModelDescription model)
    {
        var weights = new WeightProtection(model.Layout, PermutationsOf(key, model));
        byte[]? fingerprint = model.Salt is { } salt ? key.GetFingerprint(salt) : null;
        return new KeyEffect(weights, BlockScheme.Of(model)?.Derive(key, model.Salt), fingerprint);
    }

    /// <summary>The permutations that a key gives to the keyed maps of the model described.</summary>
    public static IReadOnlyDictionary<FeatureMaps, int[]> PermutationsOf(PermutationKey key, ModelDescription model)
    {
        NetworkLayout layout = model.Layout;
        return model.FeatureMaps.Each().ToDictionary(
            map => map, map => key.GetChannelPermutation(model.Salt, map.Number(), layout.Find(map).Channels));
    }
}
