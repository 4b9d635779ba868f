using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.PermutedSegmentation.Models;

namespace Workbench.Inspection;

/// <summary>One entry of a model file, which is a ZIP file.</summary>
/// <param name="Name">Its path in the file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="CompressedBytes">What it takes in the file.</param>
/// <param name="IsExplained">Whether writing the loaded model again gives this entry byte for byte.</param>
internal sealed record EntryReport(string Name, long Bytes, long CompressedBytes, bool IsExplained);

/// <summary>The parts, in bytes, of the entry that holds the network.</summary>
/// <param name="IsOld">Whether an older version of the library wrote it: saved again, it has another format.</param>
/// <param name="Head">What comes before the weights: the description, and where each tensor lies.</param>
internal sealed record NetworkEntryReport(string Name, bool IsOld, long Head, long Weights, long Checksum, long Total)
{
    public long Unexplained => Total - Head - Weights - Checksum;
}

/// <summary>What the bytes of a model file are.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Entries">The entries of the ZIP file.</param>
/// <param name="Network">The entry that holds the network.</param>
/// <param name="UnexplainedBytes">Bytes that neither the entries nor their headers need.</param>
internal sealed record FileReport(string Path, long Bytes, IReadOnlyList<EntryReport> Entries, NetworkEntryReport Network, long UnexplainedBytes)
{
    // Of a ZIP file: each entry has two headers with its name, and the file one record at its end.
    private const int Headers = 30 + 46, EndRecord = 22;

    /// <summary>Whether all bytes are explained: the file holds what loading it gives, and nothing else.</summary>
    public bool HoldsNothingElse => UnexplainedBytes == 0 && Network.Unexplained == 0 && Entries.All(entry => entry.IsExplained);

    /// <param name="path">The file.</param>
    /// <param name="writtenAgain">The model that was loaded from it, saved again.</param>
    /// <param name="parameterCount">How many numbers its network has.</param>
    public static FileReport Read(string path, Stream writtenAgain, long parameterCount)
    {
        using var zip = ZipFile.OpenRead(path);
        using var archive = ModelArchive.Open(path);
        using var again = new ZipArchive(writtenAgain);
        var entries = zip.Entries
            .Select(entry => new EntryReport(entry.FullName, entry.Length, entry.CompressedLength, AreEqual(entry, again.GetEntry(entry.FullName))))
            .ToList();
        var bytes = new FileInfo(path).Length;
        var explained = EndRecord + entries.Sum(entry => Headers + 2 * Encoding.UTF8.GetByteCount(entry.Name) + entry.CompressedBytes);
        return new FileReport(path, bytes, entries, ReadNetworkEntry(OnlyModel(archive, path), parameterCount), bytes - explained);
    }

    private static ArchivedModel OnlyModel(ModelArchive archive, string path) => archive.Models is [var only]
        ? only
        : throw new InvalidDataException($"'{path}' holds {archive.Models.Count} segmentation models; inspect describes files with one.");

    private static bool AreEqual(ZipArchiveEntry entry, ZipArchiveEntry? other)
    {
        if (entry.Length != other?.Length)
            return false;
        using Stream content = entry.Open(), otherContent = other.Open();
        return SHA256.HashData(content).AsSpan().SequenceEqual(SHA256.HashData(otherContent));
    }

    // A sealed model has an HMAC before its checksum.
    private static NetworkEntryReport ReadNetworkEntry(ArchivedModel model, long parameterCount)
    {
        var (head, digests) = model.Read(stored => (stored.HeadLength, stored.Description.IsSealed ? 2 : 1));
        return new(model.Path, model.IsOld, head, parameterCount * sizeof(float), digests * SHA256.HashSizeInBytes, model.Length);
    }
}
