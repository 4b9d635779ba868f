using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>All that a model file says besides its weights. Nothing of it is secret.</summary>
internal sealed record ModelDescription
{
    /// <summary>The most pixels that a side of the images may have.</summary>
    public const int LargestSide = 1 << 14;

    private const int FingerprintSize = 8;

    public SegmentationNetwork Network { get; init; }
    public required Backbone Backbone { get; init; }
    public required int OutputStride { get; init; }
    public required int ImageHeight { get; init; }
    public required int ImageWidth { get; init; }
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>The maps that need the key; None for an unprotected model.</summary>
    public required FeatureMaps FeatureMaps { get; init; }

    /// <summary>How images are encrypted before the network reads them; null when they are not.</summary>
    public BlockScheme? ImageEncryption { get; init; }

    /// <summary>Makes one key give unrelated permutations in two models (16 bytes); null for an unprotected model.</summary>
    public byte[]? Salt { get; init; }

    /// <summary>Tells a wrong key from the right one (8 bytes); null when it is not stored.</summary>
    public byte[]? Fingerprint { get; init; }

    public required string ImageColumnName { get; init; }
    public required string PredictedLabelColumnName { get; init; }
    public required string ScoreColumnName { get; init; }

    [JsonIgnore]
    public bool IsProtected => FeatureMaps != FeatureMaps.None || ImageEncryption is not null;

    [JsonIgnore]
    public NetworkLayout Layout => NetworkLayout.For(Network, Backbone, OutputStride, ClassNames.Count);

    /// <summary>The same model protected from now on, with a new salt unless one is given.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public ModelDescription ProtectedWith(PermutationKey key, FeatureMaps maps, bool storeFingerprint, byte[]? salt = null)
    {
        salt ??= RandomNumberGenerator.GetBytes(PermutationKey.ModelSaltSizeInBytes);
        return this with { FeatureMaps = maps, Salt = salt, Fingerprint = storeFingerprint ? key.GetFingerprint(salt) : null };
    }

    /// <summary>The same model without protection.</summary>
    public ModelDescription Unprotected() => this with { FeatureMaps = FeatureMaps.None, Salt = null, Fingerprint = null };

    /// <summary>Whether what is saved with this description can be loaded again: found out before a training and not after it.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    public void RequireStorable()
    {
        try
        {
            byte[] json = ToJson();
            if (json.Length > ModelFile.LargestDescription)
                throw new InvalidDataException($"Its description has {json.Length} bytes, of which the class names are most; {ModelFile.LargestDescription} are possible.");
            FromJson(json);
        }
        catch (InvalidDataException exception)
        {
            throw new ArgumentException($"Such a model could be saved but not loaded. {exception.Message}", exception);
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ModelDescriptionJson.Strict);

    /// <summary>Reads and checks a description; the bytes are hostile until then.</summary>
    /// <exception cref="InvalidDataException">The bytes are no valid description.</exception>
    public static ModelDescription FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var description = JsonSerializer.Deserialize(json, ModelDescriptionJson.Strict)
                ?? throw new InvalidDataException("The model's description is empty.");
            description.Check();
            return description;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"The model's description is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>Checks what was read from a file.</summary>
    /// <exception cref="InvalidDataException">It describes no model that can be.</exception>
    /// <exception cref="ArgumentException">It describes no network that can be.</exception>
    public void Check()
    {
        _ = Layout; // throws for a network that cannot be
        Require(ImageHeight is > 0 and <= LargestSide && ImageHeight % OutputStride == 0, $"image height {ImageHeight}");
        Require(ImageWidth is > 0 and <= LargestSide && ImageWidth % OutputStride == 0, $"image width {ImageWidth}");
        Require((FeatureMaps & ~FeatureMaps.All) == 0, "an unknown feature map");
        if (ImageEncryption is { } encryption)
            CheckEncryption(BlockScheme.Of(encryption.Method, encryption.BlockSize));
        Require(Salt?.Length == (IsProtected ? PermutationKey.ModelSaltSizeInBytes : null), "a salt of wrong length");
        Require(Fingerprint is null || (IsProtected && Fingerprint.Length == FingerprintSize), "a fingerprint of wrong length");
        if (ClassNameList.FindProblem(ClassNames) is { } problem)
            throw new InvalidDataException($"The model's description is damaged: {problem}");
        foreach (string column in (string[])[ImageColumnName, PredictedLabelColumnName, ScoreColumnName])
            Require(!string.IsNullOrWhiteSpace(column), "an empty column name");
    }

    private void CheckEncryption(BlockScheme scheme)
    {
        if (scheme.FindProblem(ImageHeight, ImageWidth) is { } problem)
            throw new InvalidDataException($"The model's description is damaged: images are {problem}");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"The model's description is damaged: it has {otherwise}.");
    }
}
