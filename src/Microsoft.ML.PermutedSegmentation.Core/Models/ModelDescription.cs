using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// Everything that a model file says about its network besides the weights. Nothing in it is secret, and only valid instances can be made: what
/// is trained can be saved, and what is saved can be loaded.
/// </summary>
public sealed class ModelDescription
{
    /// <summary>The most pixels that a side of the images may have.</summary>
    public const int LargestSide = 1 << 14;

    /// <summary>The most bytes that the class names may have as JSON.</summary>
    internal const int LargestClassNames = 1 << 20;

    /// <summary>A model without protection.</summary>
    /// <param name="network">The kind of network.</param>
    /// <param name="backbone">Its backbone.</param>
    /// <param name="outputStride">Image pixels per pixel of the last map, in each direction.</param>
    /// <param name="imageHeight">Height of the images that it reads, in pixels.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="classNames">The classes, in the order of the labels.</param>
    /// <exception cref="ArgumentException">Such a model is not possible; the message says why.</exception>
    public ModelDescription(
        SegmentationNetwork network, Backbone backbone, int outputStride, int imageHeight, int imageWidth, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        if (NetworkLayout.FindProblem(network, backbone, outputStride) is { } wrong)
            throw new ArgumentOutOfRangeException(char.ToLowerInvariant(wrong.Argument[0]) + wrong.Argument[1..], wrong.Message);
        string[] names = [.. classNames];
        if (ClassNameList.FindProblem(names) is { } problem)
            throw new ArgumentException(problem, nameof(classNames));
        if (ModelMetadata.WriteNames(names).Length is > LargestClassNames and var length)
            throw new ArgumentException($"The class names have {length} bytes; at most {LargestClassNames} are possible.", nameof(classNames));
        Layout = NetworkLayout.For(network, backbone, outputStride, names.Length);
        CheckSide(nameof(imageHeight), "height", imageHeight, outputStride);
        CheckSide(nameof(imageWidth), "width", imageWidth, outputStride);
        (Network, Backbone, OutputStride, ImageHeight, ImageWidth) = (network, backbone, outputStride, imageHeight, imageWidth);
        ClassNames = Array.AsReadOnly(names);
    }

    private ModelDescription(ModelDescription other, ModelProtection? protection)
    {
        foreach (FeatureMaps map in (protection?.FeatureMaps ?? FeatureMaps.None).Each())
            _ = other.Layout.Find(map); // throws for a map that the network does not have
        (Network, Backbone, OutputStride, ImageHeight, ImageWidth) = (other.Network, other.Backbone, other.OutputStride, other.ImageHeight, other.ImageWidth);
        (ClassNames, Layout, Protection) = (other.ClassNames, other.Layout, protection);
        (ScoringMode, TestTimeAugmentation) = (other.ScoringMode, other.TestTimeAugmentation);
    }

    private ModelDescription(ModelDescription other, ScoringMode mode, TestTimeAugmentation augmentation)
        : this(other, other.Protection) => (ScoringMode, TestTimeAugmentation) = (mode, augmentation);

    /// <summary>The kind of network.</summary>
    public SegmentationNetwork Network { get; }

    /// <summary>The network's backbone.</summary>
    public Backbone Backbone { get; }

    /// <summary>Image pixels per pixel of the last map, in each direction.</summary>
    public int OutputStride { get; }

    /// <summary>Height of the images that the network reads, in pixels.</summary>
    public int ImageHeight { get; }

    /// <summary>Width of these images.</summary>
    public int ImageWidth { get; }

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How images of other sizes are scored.</summary>
    public ScoringMode ScoringMode { get; }

    /// <summary>How often an image is scored; <see cref="TestTimeAugmentation.None"/>: once.</summary>
    public TestTimeAugmentation TestTimeAugmentation { get; } = TestTimeAugmentation.None;

    /// <summary>Whether an image is scored once, resized to the model's size, and not by windows.</summary>
    public bool ScoresResizedImages => ScoringMode == ScoringMode.Resize && TestTimeAugmentation.IsNone;

    /// <summary>What needs the key; null for an unprotected model.</summary>
    public ModelProtection? Protection { get; }

    /// <summary>The maps that need the key; None for an unprotected model.</summary>
    public FeatureMaps FeatureMaps => Protection?.FeatureMaps ?? FeatureMaps.None;

    /// <summary>Whether a key is needed to run it as it was trained.</summary>
    public bool IsProtected => Protection is not null;

    /// <summary>Whether the weights are encrypted in the file.</summary>
    public bool IsSealed => Protection is { IsSealed: true };

    internal byte[]? Salt => Protection?.SaltBytes;

    internal byte[]? Fingerprint => Protection?.FingerprintBytes;

    /// <summary>The table of its layers, with the names and shapes of all weights.</summary>
    public NetworkLayout Layout { get; }

    /// <summary>Whether images may have such a side.</summary>
    internal static bool IsSide(int side, int outputStride) => side is > 0 and <= LargestSide && side % outputStride == 0;

    /// <summary>What a side must be, for a message.</summary>
    internal static string SideRule(int outputStride) => $"a positive multiple of the output stride, {outputStride}, of at most {LargestSide}";

    /// <summary>The permutations α (Eq. 2) that a key, right or wrong, gives to the keyed maps. They are as secret as the key.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public IReadOnlyDictionary<FeatureMaps, int[]> PermutationsOf(PermutationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return FeatureMaps.Each().ToDictionary(map => map, map => key.GetChannelPermutation(Salt, map.Number(), Layout.Find(map).Channels));
    }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public bool? Matches(PermutationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return KeyVerification.Matches(key, Salt, Fingerprint);
    }

    /// <summary>Refuses a key that is not known to be the right one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="wayOut">What to do when the model stores no fingerprint, for the message.</param>
    /// <exception cref="InvalidOperationException">The key is another one, or the model stores no fingerprint.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Require(PermutationKey key, string wayOut) => KeyVerification.Require(Matches(key), "model", wayOut);

    /// <summary>The same model with another protection, or with none.</summary>
    /// <param name="protection">The protection; null for none.</param>
    /// <exception cref="ArgumentException">The network does not have one of the maps.</exception>
    public ModelDescription With(ModelProtection? protection) => new(this, protection);

    /// <summary>The same model with another way to score images.</summary>
    /// <param name="mode">How images of other sizes are scored.</param>
    /// <param name="augmentation">How often; null: once.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such mode.</exception>
    public ModelDescription With(ScoringMode mode, TestTimeAugmentation? augmentation = null) => Enum.IsDefined(mode)
        ? new(this, mode, augmentation ?? TestTimeAugmentation.None)
        : throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such scoring mode.");

    /// <summary>The same model protected with a key from now on.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maps">The maps that it permutes.</param>
    /// <param name="storeFingerprint">Whether the fingerprint of the key is stored.</param>
    /// <param name="salt">The salt; a new one when null.</param>
    /// <param name="imageStep">What the key does to images; null: nothing.</param>
    /// <param name="isSealed">Whether the weights are encrypted in the file.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    internal ModelDescription ProtectedWith(
        PermutationKey key, FeatureMaps maps, bool storeFingerprint, byte[]? salt = null, ImageStep? imageStep = null, bool isSealed = false)
    {
        salt ??= RandomNumberGenerator.GetBytes(PermutationKey.ModelSaltSizeInBytes);
        return With(new ModelProtection(maps, imageStep, salt, storeFingerprint ? key.GetFingerprint(salt) : null, isSealed));
    }

    private static void CheckSide(string parameter, string name, int side, int outputStride)
    {
        if (!IsSide(side, outputStride))
            throw new ArgumentOutOfRangeException(parameter, side, $"The {name} of the images must be {SideRule(outputStride)}.");
    }
}
