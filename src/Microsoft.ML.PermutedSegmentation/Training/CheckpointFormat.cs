using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// How a checkpoint lies in its file, which is a safetensors file: <c>digest</c> (32 bytes, as whole numbers of 64 bits), <c>description</c> (JSON, as
/// such numbers, with spaces at its end), and the tensors of a <see cref="TrainingState"/>, such as <c>momentum.classifier.4.weight</c>.
/// The digest is over all other bytes of the file.
/// </summary>
/// <remarks>
/// With a key the weights and momenta that read permuted maps are in protected order, as in a model file. That is not enough to
/// make a stolen checkpoint worth no more than a stolen model: for every channel, the product of weight and gradient of what writes it
/// and of what reads it are the same, and so momenta, or the difference between two states of the weights, tell which channel is which
/// (trying it, for up to 81 % of the 128 channels of map 6 of a ResNet-18), as the seed does, which gives the initial weights. Therefore
/// all that follows the digest is encrypted, too (<see cref="FileSeal"/>). The header tells the salt of the model, the fingerprint of the
/// key, without which a wrong key could not be told from a damaged file, and what this file alone was encrypted with.
/// </remarks>
internal static class CheckpointFormat
{
    public const string DigestName = "digest", DescriptionName = "description";
    public const string FormatName = "format", SaltName = "salt", FingerprintName = "fingerprint", NonceName = "nonce";
    public const string Format = "Microsoft.ML.PermutedSegmentation/checkpoint/1";

    public const int NonceSize = 16;
    public const int LargestDescription = 1 << 20;

    /// <summary>Far above what the largest network needs: DeepLabV3 on ResNet-101 takes 1.2 GB with the default optimizer and an average.</summary>
    public const long LargestFile = 1L << 31;

    public static readonly long[] DigestShape = [SHA256.HashSizeInBytes / sizeof(long)];

    /// <summary>The name of a tensor in the file.</summary>
    public static string NameOf(string part, string parameter) => $"{part}.{parameter}";
}
