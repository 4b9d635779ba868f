namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>What of a model needs its key. Nothing of it is secret, and no other instance than a valid one can be made.</summary>
public sealed class ModelProtection
{
    private readonly byte[] _salt;
    private readonly byte[]? _fingerprint;

    /// <summary>A protection as a file describes it.</summary>
    /// <param name="featureMaps">The maps whose channels are permuted.</param>
    /// <param name="imageStep">What happens to images; null: nothing.</param>
    /// <param name="salt">16 bytes.</param>
    /// <param name="fingerprint">8 bytes; null when none is stored.</param>
    /// <param name="isSealed">Whether the weights are encrypted in the file.</param>
    /// <exception cref="ArgumentException">There cannot be such a protection; the message says why.</exception>
    public ModelProtection(FeatureMaps featureMaps, ImageStep? imageStep, ReadOnlySpan<byte> salt, byte[]? fingerprint, bool isSealed = false)
    {
        if ((featureMaps & ~FeatureMaps.All) != 0)
            throw new ArgumentException("It has an unknown feature map.");
        if (featureMaps == FeatureMaps.None && imageStep is null && !isSealed)
            throw new ArgumentException("It has a salt, but nothing that needs a key.");
        if (salt.Length != PermutationKey.ModelSaltSizeInBytes)
            throw new ArgumentException($"It has a salt of {salt.Length} bytes; {PermutationKey.ModelSaltSizeInBytes} are needed.");
        if (fingerprint is not null && fingerprint.Length != PermutationKey.FingerprintSizeInBytes)
            throw new ArgumentException($"It has a fingerprint of {fingerprint.Length} bytes; {PermutationKey.FingerprintSizeInBytes} are needed.");
        (FeatureMaps, ImageStep, _salt, _fingerprint, IsSealed) = (featureMaps, imageStep, salt.ToArray(), (byte[]?)fingerprint?.Clone(), isSealed);
    }

    /// <summary>The maps whose channels are permuted.</summary>
    public FeatureMaps FeatureMaps { get; }

    /// <summary>What happens to images before the network reads them; null: nothing.</summary>
    public ImageStep? ImageStep { get; }

    /// <summary>Whether the weights are encrypted and authenticated in the file (docs/sealing.md).</summary>
    public bool IsSealed { get; }

    /// <summary>Makes one key give unrelated permutations in two models (16 bytes).</summary>
    public ReadOnlySpan<byte> Salt => _salt;

    /// <summary>Tells a wrong key from the right one (8 bytes); empty when it is not stored.</summary>
    public ReadOnlySpan<byte> Fingerprint => _fingerprint;

    internal byte[] SaltBytes => _salt;

    internal byte[]? FingerprintBytes => _fingerprint;
}
