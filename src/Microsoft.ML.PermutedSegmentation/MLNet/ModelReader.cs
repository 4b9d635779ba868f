using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>What a transformer has written with a <see cref="ModelWriter"/>, in the same order.</summary>
internal sealed class ModelReader(ModelLoadContext context)
{
    /// <summary>Values that have no method of their own here.</summary>
    public BinaryReader Binary => context.Reader;

    /// <summary>Reads a text that is not empty.</summary>
    public string ReadText() => context.LoadNonEmptyString();

    /// <summary>Reads a text that may be missing.</summary>
    public string? ReadOptionalText() => context.LoadStringOrNull();

    /// <summary>Reads an entry of the file that is the transformer's own, compressed or not.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="read">Is given the content and its length.</param>
    /// <exception cref="InvalidDataException">There is no such entry.</exception>
    public T ReadEntry<T>(string name, Func<Stream, long, T> read)
    {
        if (ModelArchive.EntriesOf(context.Repository) is { } entries)
        {
            string path = PathOf(context.Directory, name);
            // A file that was written on Windows has backslashes in its names.
            ZipArchiveEntry entry = entries.GetValueOrDefault(path) ?? entries.GetValueOrDefault(path.Replace('/', '\\')) ?? throw Missing(name);
            using Stream content = entry.Open();
            return read(content, entry.Length);
        }
        using Repository.Entry unpacked = context.Repository.OpenEntryOrNull(context.Directory, name) ?? throw Missing(name);
        return read(unpacked.Stream, unpacked.Stream.Length);
    }

    /// <summary>As ML.NET names entries.</summary>
    internal static string PathOf(string? directory, string name) => Path.Combine(directory ?? "", name).Replace('/', Path.DirectorySeparatorChar);

    private static InvalidDataException Missing(string name) => new($"The model is damaged: its entry '{name}' is missing.");
}
