using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>What a transformer has written with a <see cref="TransformerWriter"/>, in the same order.</summary>
internal sealed class TransformerReader(ModelLoadContext context)
{
    // Weights are stored as they are, or get a little smaller. Zeros would get a thousand times smaller.
    private const int MostCompression = 100;

    /// <summary>Values that have no method of their own here.</summary>
    public BinaryReader Binary => context.Reader;

    /// <summary>Reads a text that is not empty.</summary>
    public string ReadText() => context.LoadNonEmptyString();

    /// <summary>Reads a text that may be missing.</summary>
    public string? ReadOptionalText() => context.LoadStringOrNull();

    /// <summary>Reads an entry of the file that is the transformer's own, compressed or not.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="read">Is given the content and its length, and must be done with it when it returns.</param>
    /// <returns>Null: there is no such entry.</returns>
    public T? TryReadEntry<T>(string name, Func<Stream, long, T> read)
        where T : class
    {
        if (ArchiveFields.EntriesOf(context.Repository) is { } entries)
        {
            string path = PathOf(context.Directory, name);
            // A file that was written on Windows has backslashes in its names.
            if ((entries.GetValueOrDefault(path) ?? entries.GetValueOrDefault(path.Replace('/', '\\'))) is not { } entry)
                return null;
            if (entry.Length > MostCompression * Math.Max(entry.CompressedLength, 1))
                throw new InvalidDataException($"The model is damaged: its entry '{name}' has {entry.Length} bytes, packed into {entry.CompressedLength}.");
            using Stream content = entry.Open();
            return read(content, entry.Length);
        }
        using Repository.Entry? unpacked = context.Repository.OpenEntryOrNull(context.Directory, name);
        return unpacked is null ? null : read(unpacked.Stream, unpacked.Stream.Length);
    }

    /// <summary>As ML.NET names entries.</summary>
    internal static string PathOf(string? directory, string name) => Path.Combine(directory ?? "", name).Replace('/', Path.DirectorySeparatorChar);
}
