namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>What lies in a file beside sealed weights.</summary>
/// <param name="Nonce">Drawn for this content alone.</param>
/// <param name="Digest">The HMAC of description and weights.</param>
internal sealed record SealTag(byte[] Nonce, byte[] Digest);
