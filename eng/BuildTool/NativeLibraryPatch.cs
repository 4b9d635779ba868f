using System.Buffers.Binary;
using System.Text;

namespace PermutedSegmentation.BuildTool;

/// <summary>
/// Makes a copy of libLibTorchSharp.so that does not ask for a libstdc++ newer than that of Debian 12 and Ubuntu 22.04.
/// </summary>
/// <remarks>
/// The library is built with GCC 13 and needs version GLIBCXX_3.4.32 for one symbol only, <c>std::ios_base_library_init()</c>.
/// That is the newer spelling of <c>std::ios_base::Init::Init()</c>, which every libstdc++ has under version GLIBCXX_3.4.
/// </remarks>
internal static class NativeLibraryPatch
{
    private const string NewSymbol = "_ZSt21ios_base_library_initv";
    private const string OldSymbol = "_ZNSt8ios_base4InitC1Ev";
    private const string NewVersion = "GLIBCXX_3.4.32";
    private const string OldVersion = "GLIBCXX_3.4";

    public static void Write(string source, string target, string torchSharpVersion)
    {
        byte[] image = File.ReadAllBytes(source);
        Apply(image, torchSharpVersion);
        FileWriter.Replace(target, image);
    }

    /// <summary>Changes the library in place; one that needs nothing newer (or is patched already) stays as it is.</summary>
    internal static void Apply(Span<byte> image, string torchSharpVersion)
    {
        // In the table that the loader reads, a name stands between two zero bytes; elsewhere it may be part of another.
        (string What, byte[] Old, byte[] New)[] edits =
        [
            ($"symbol {NewSymbol}", EncodeName(NewSymbol, NewSymbol.Length), EncodeName(OldSymbol, NewSymbol.Length)),
            ($"version {NewVersion}", EncodeName(NewVersion, NewVersion.Length), EncodeName(OldVersion, NewVersion.Length)),
            ($"hash of {NewVersion}", EncodeHash(NewVersion), EncodeHash(OldVersion)),
        ];
        int[] counts = new int[edits.Length];
        for (int i = 0; i < edits.Length; i++)
            counts[i] = image.Count(edits[i].Old);
        if (counts.All(count => count == 0))
            return;
        if (counts.Any(count => count != 1))
        {
            string found = string.Join(", ", edits.Zip(counts, (edit, count) => $"{edit.What}: {count}"));
            throw new BuildToolException("PS0010",
                $"libLibTorchSharp.so of TorchSharp {torchSharpVersion} is not as expected, each of these should occur once ({found}); see eng/README.md");
        }

        foreach ((_, byte[] old, byte[] @new) in edits)
            @new.CopyTo(image[image.IndexOf(old)..]);
    }

    /// <summary>The System V hash of a name, which stands beside each version that a library needs.</summary>
    internal static uint ComputeElfHash(string name)
    {
        uint hash = 0;
        foreach (byte character in Encoding.ASCII.GetBytes(name))
        {
            hash = (hash << 4) + character;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }
        return hash;
    }

    private static byte[] EncodeName(string name, int paddedLength) =>
        Encoding.ASCII.GetBytes($"\0{name.PadRight(paddedLength, '\0')}\0");

    private static byte[] EncodeHash(string name)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, ComputeElfHash(name));
        return bytes;
    }
}
