using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A segmentation model in a <see cref="ModelArchive"/>.</summary>
public sealed class ArchivedModel
{
    private readonly ZipArchiveEntry _entry;

    internal ArchivedModel(ZipArchiveEntry entry, bool isOld) => (_entry, IsOld) = (entry, isOld);

    /// <summary>Whether it has the format from before models became safetensors files; saving it again gives today's format.</summary>
    public bool IsOld { get; }

    /// <summary>Where it is in the archive.</summary>
    public string Path => _entry.FullName;

    /// <summary>How many bytes it has.</summary>
    public long Length => _entry.Length;

    /// <summary>Lets a reader have the model: its description, and its weights if they are asked for.</summary>
    /// <param name="read">It must not keep the model: the stream behind it is closed afterwards.</param>
    /// <exception cref="InvalidDataException">The model is damaged.</exception>
    public T Read<T>(Func<StoredModel, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        using Stream stream = _entry.Open();
        return read(IsOld ? OldModelFormat.Open(stream, Length) : StoredModel.Open(stream, Length));
    }

    /// <summary>What the model says about itself.</summary>
    /// <exception cref="InvalidDataException">The model is damaged.</exception>
    public ModelDescription ReadDescription() => Read(model => model.Description);
}
