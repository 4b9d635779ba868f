using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// How a model lies in an entry of its file, which is a safetensors file: its description and whatever else belongs to it as
/// metadata, the weights by torchvision's names, and last <c>sha256</c>, 32 bytes, the checksum of all before it (docs/formats.md).
/// </summary>
/// <remarks>The checksum finds damage; it is not a signature, and a file from a stranger stays a stranger's.</remarks>
internal static class ModelFormat
{
    public const string FormatName = "format";

    /// <summary>What the formats of this library begin with.</summary>
    public const string Family = "Microsoft.ML.PermutedSegmentation/";
    public const string Format = Family + "model/2";
    public const string SealedFormat = Family + "model/3";
    public const string ChecksumName = "sha256", SealDigestName = "hmac", SealNonceName = "seal_nonce";

    public static readonly long[] ChecksumShape = [SHA256.HashSizeInBytes];

    /// <summary>A reader that does not know sealed models must not take one for weights.</summary>
    public static string FormatOf(ModelDescription description) => description.IsSealed ? SealedFormat : Format;
}
