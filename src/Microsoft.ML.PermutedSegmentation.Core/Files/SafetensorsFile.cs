namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A safetensors file to read tensors from, as many of them as are wanted.</summary>
/// <param name="stream">The whole file, at its start; it stays the caller's.</param>
/// <exception cref="InvalidDataException">The stream is not a safetensors file, or is damaged.</exception>
internal sealed class SafetensorsFile(Stream stream) : ITensorFile
{
    /// <summary>What the file holds, checked.</summary>
    public SafetensorsHeader Header { get; } = SafetensorsHeader.Read(stream, stream.Length);

    /// <inheritdoc/>
    public IReadOnlyList<TensorEntry> Entries => Header.Entries;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <inheritdoc/>
    public void Read(TensorEntry entry, Span<float> values)
    {
        stream.Position = Header.DataStart + ((SafetensorsEntry)entry).Start;
        entry.Type.ReadFloats(stream, values);
    }

    /// <summary>Does nothing: the stream is the caller's.</summary>
    public void Dispose() { }
}
