namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>What a key, right or wrong, does to a model.</summary>
/// <param name="Weights">Undone in memory and done again when the model is saved.</param>
/// <param name="Pixels">What happens to images before the network reads them; null: nothing.</param>
/// <param name="Fingerprint">The fingerprint of that key, stored or not; null when the model has no salt.</param>
/// <param name="Seal">What seals the weights when they are saved; null when the model is not sealed.</param>
internal sealed record KeyEffect(WeightProtection Weights, PixelTransform? Pixels, byte[]? Fingerprint, ModelSeal? Seal)
{
    /// <summary>The effect of a key on the model described.</summary>
    public static KeyEffect Of(PermutationKey key, ModelDescription model)
    {
        var weights = new WeightProtection(model.Layout, model.PermutationsOf(key));
        byte[]? fingerprint = model.Salt is { } salt ? key.GetFingerprint(salt) : null;
        PixelTransform? pixels = model.Protection?.ImageStep is null ? null : PixelTransformMaker.Find().Make(model, key);
        return new KeyEffect(weights, pixels, fingerprint, model.IsSealed ? new ModelSeal(key, model.Salt) : null);
    }

    /// <summary>What is left of it for a model whose weights are never stored again: no permutations, and nothing that opens its file.</summary>
    public KeyEffect ForScoring(NetworkLayout layout) => this with { Weights = new WeightProtection(layout, new Dictionary<FeatureMaps, int[]>()), Seal = null };
}
