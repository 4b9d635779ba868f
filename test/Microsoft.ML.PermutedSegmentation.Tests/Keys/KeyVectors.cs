using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Expected values from make_vectors.py, an independent implementation in Python and OpenSSL.</summary>
internal sealed record KeyVectors(
    KeyVectors.Permutation[] Permutations,
    KeyVectors.Fingerprint[] Fingerprints,
    KeyVectors.Draw[] Draws,
    KeyVectors.PassphraseKey Passphrase)
{
    public static KeyVectors Load()
    {
        using Stream stream = typeof(KeyVectors).Assembly.GetManifestResourceStream("key-vectors.json")!;
        return JsonSerializer.Deserialize<KeyVectors>(stream, TestJson.Web)!;
    }

    internal sealed record Permutation(string Key, string Salt, int FeatureMap, int Channels, int[] First, string Sha256);

    internal sealed record Fingerprint(string Key, string Salt, [property: System.Text.Json.Serialization.JsonPropertyName("fingerprint")] string Value);

    internal sealed record Draw(string StreamKey, uint Bound, uint[] Values);

    internal sealed record PassphraseKey(string Passphrase, string Salt, string Key);
}
