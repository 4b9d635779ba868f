using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Expected values from make_vectors.py, an independent implementation in Python and OpenSSL.</summary>
internal sealed record BlockVectors(BlockVectors.Order[] Orders, BlockVectors.CodeTable[] Codes, BlockVectors.Image[] Images)
{
    public static BlockVectors Load()
    {
        using Stream stream = typeof(BlockVectors).Assembly.GetManifestResourceStream("block-vectors.json")!;
        return JsonSerializer.Deserialize<BlockVectors>(stream, TestJson.Web)!;
    }

    internal sealed record Order(string Key, string Salt, string Purpose, int BlockSize, int[] First, string Sha256);

    internal sealed record CodeTable(string Key, string Salt, int[] Values);

    internal sealed record Image(string Method, string Key, string Salt, int BlockSize, int Height, int Width, string Plain, string Encrypted);
}
