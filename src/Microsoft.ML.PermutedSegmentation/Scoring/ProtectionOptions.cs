namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a model is protected with a key.</summary>
public sealed record ProtectionOptions
{
    /// <summary>The feature maps that the key permutes (Fig. 3, Table I); None only with <see cref="Seal"/>.</summary>
    public FeatureMaps FeatureMaps { get; init; } = FeatureMaps.All;

    /// <summary>
    /// Whether the weights are encrypted and authenticated in the file (docs/sealing.md), so that without the key the model does not run at all and
    /// nothing can be read off its weights: for models that were trained from public weights, and wherever nobody has to run the file without the key.
    /// </summary>
    public bool Seal { get; init; }

    /// <summary>Whether the model stores the key's fingerprint, which tells a wrong key from the right one.</summary>
    public bool StoreFingerprint { get; init; } = true;

    /// <summary>Refuses what protects nothing.</summary>
    internal void Check(string parameter)
    {
        if (FeatureMaps != FeatureMaps.None || !Seal)
            FeatureMaps.CheckForKey(parameter);
    }
}
