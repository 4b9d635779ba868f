using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Where a transformer writes what it needs to be loaded again: its part of an ML.NET model file.</summary>
internal sealed class TransformerWriter(ModelSaveContext context)
{
    /// <summary>Values that have no method of their own here.</summary>
    public BinaryWriter Binary => context.Writer;

    /// <summary>Writes a text that must not be empty.</summary>
    public void WriteText(string text) => context.SaveNonEmptyString(text);

    /// <summary>Writes a text that may be missing.</summary>
    public void WriteOptionalText(string? text) => context.SaveStringOrNull(text);

    /// <summary>Writes an entry of its own into the file, for what is large.</summary>
    public void WriteEntry(string name, Action<Stream> write)
    {
        if (ArchiveFields.Of(context.Repository) is { } archive)
        {
            // ML.NET adds an entry of its own to the archive only when it is closed and the next one begins, so none is half-written now.
            using Stream stream = archive.CreateEntry(TransformerReader.PathOf(context.Directory, name), CompressionLevel.NoCompression).Open();
            write(stream);
            return;
        }
        using Repository.Entry entry = context.Repository.CreateEntry(context.Directory, name);
        write(entry.Stream);
    }
}
