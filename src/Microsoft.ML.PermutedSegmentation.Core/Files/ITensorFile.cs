namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A file of named tensors, of which as many are read as are wanted.</summary>
internal interface ITensorFile : IDisposable
{
    /// <summary>What the file holds, checked: reading any of these cannot leave the file.</summary>
    IReadOnlyList<TensorEntry> Entries { get; }

    /// <summary>What else it says.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads the values of an entry as 32-bit floats, in the order of its shape.</summary>
    /// <param name="entry">One of this file's.</param>
    /// <param name="values">As many as the entry has.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="EndOfStreamException">The file is shorter than it says.</exception>
    void Read(TensorEntry entry, Span<float> values);
}
