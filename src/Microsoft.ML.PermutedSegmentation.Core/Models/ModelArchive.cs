using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>The segmentation models in a file of ML.NET, a ZIP archive: they can be read without ML.NET and without libtorch.</summary>
public sealed class ModelArchive : IDisposable
{
    private readonly ZipArchive _archive;

    private ModelArchive(Stream stream, bool leaveOpen)
    {
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen);
            if (_archive.Entries.GroupBy(entry => entry.FullName).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
                throw new InvalidDataException($"The archive has two entries '{twice}', and readers differ in which they take.");
            // Wherever they lie: chains are folders, in a folder for each of their steps. Backslashes are from Windows.
            Models = [.. from entry in _archive.Entries
                         let name = entry.FullName.Split('/', '\\')[^1]
                         where name is FileContent.ModelEntry or FileContent.OldModelEntry
                         select new ArchivedModel(entry, isOld: name == FileContent.OldModelEntry)];
        }
        catch
        {
            _archive?.Dispose();
            if (!leaveOpen)
                stream.Dispose();
            throw;
        }
    }

    /// <summary>The segmentation models, in the order of the archive.</summary>
    public IReadOnlyList<ArchivedModel> Models { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not a ZIP archive, is damaged, or has two entries of the same name.</exception>
    public static ModelArchive Open(string path) => new(File.OpenRead(path), leaveOpen: false);

    /// <summary>Opens an archive in a stream.</summary>
    /// <param name="stream">A seekable stream; it stays the caller's.</param>
    /// <exception cref="InvalidDataException">It is not a ZIP archive, is damaged, or has two entries of the same name.</exception>
    public static ModelArchive Open(Stream stream) => new(stream, leaveOpen: true);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();
}
