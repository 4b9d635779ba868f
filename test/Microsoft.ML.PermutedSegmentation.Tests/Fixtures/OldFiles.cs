using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files that commit 7b48901 wrote, and what it read in them (README.md).</summary>
internal static class OldFiles
{
    private static readonly JsonNode All = JsonNode.Parse(Open("expected.json"))!;

    public static PermutationKey Key() => PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(11 * i))]);

    /// <summary>The content of a file.</summary>
    public static MemoryStream Read(string name)
    {
        var content = new MemoryStream();
        using var compressed = new BrotliStream(Open(name + ".br"), CompressionMode.Decompress);
        compressed.CopyTo(content);
        content.Position = 0;
        return content;
    }

    public static JsonNode Expected(string name) => All[name]!;

    /// <summary>The picture that the expected labels are of.</summary>
    public static MLImage Picture()
    {
        byte[] pixels = new byte[32 * 32 * 4];
        for (int y = 0; y < 32; y++)
        {
            for (int x = 0; x < 32; x++)
                new byte[] { (byte)(8 * x), (byte)(8 * y), (byte)((x / 8 + y / 8) % 2 * 255), 255 }.CopyTo(pixels, 4 * (y * 32 + x));
        }
        return MLImage.CreateFromPixels(32, 32, MLPixelFormat.Rgba32, pixels);
    }

    private static Stream Open(string name) => typeof(OldFiles).Assembly.GetManifestResourceStream($"fixtures/{name}")!;
}
