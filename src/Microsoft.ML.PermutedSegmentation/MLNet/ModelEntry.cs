using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// A large entry of an ML.NET model file, between archive and caller without a detour. ML.NET itself compresses every entry, and goes
/// through temporary files both ways. Weights hardly get smaller, and that took longer than all the rest of loading a model.
/// Entries that ML.NET has written are read, too, and it can read these.
/// </summary>
internal static class ModelEntry
{
    /// <summary>Writes an entry, uncompressed.</summary>
    public static void Write(ModelSaveContext context, string name, Action<Stream> write)
    {
        // ML.NET adds an entry of its own to the archive only when it is closed and the next one begins, so none is half-written now.
        using Stream stream = ArchiveOf(context.Repository).CreateEntry(PathOf(context.Directory, name), CompressionLevel.NoCompression).Open();
        write(stream);
    }

    /// <summary>Finds an entry; null: there is none.</summary>
    public static ZipArchiveEntry? Find(ModelLoadContext context, string name)
    {
        Dictionary<string, ZipArchiveEntry> entries = EntriesOf(context.Repository);
        string path = PathOf(context.Directory, name);
        // A file that was written on Windows has backslashes in its names.
        return entries.GetValueOrDefault(path) ?? entries.GetValueOrDefault(path.Replace('/', '\\'));
    }

    // As ML.NET names entries.
    private static string PathOf(string? directory, string name) => Path.Combine(directory ?? "", name).Replace('/', Path.DirectorySeparatorChar);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive ArchiveOf(RepositoryWriter repository);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_entries")]
    private static extern ref Dictionary<string, ZipArchiveEntry> EntriesOf(RepositoryReader repository);
}
