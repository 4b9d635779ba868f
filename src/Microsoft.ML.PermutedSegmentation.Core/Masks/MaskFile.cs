namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Writes masks as files that <c>LoadMasks</c> and other tools for PASCAL VOC read.</summary>
public static class MaskFile
{
    /// <summary>Writes labels as an indexed PNG whose values are the classes, 255 for void. An existing file is replaced once the new one is complete.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="labels">Key values, height x width, as in the columns Label and PredictedLabel: 0 is void, class k is k + 1 (<see cref="MaskLabels"/>).</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="palette">The colors to show the classes in; <see cref="ClassPalette.Voc"/> when null. Classes beyond it are black.</param>
    /// <exception cref="ArgumentException">The path is empty, or the labels are not height x width values.</exception>
    public static void Save(string path, ReadOnlySpan<byte> labels, int height, int width, ClassPalette? palette = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CheckLength(labels, height, width);
        IndexedPng.Write(path, labels, width, height, palette ?? ClassPalette.Voc, areKeyValues: true);
    }

    /// <summary>Writes labels as an indexed PNG to a stream, such as the body of an HTTP response.</summary>
    /// <param name="stream">Where to write; it stays open.</param>
    /// <param name="labels"><inheritdoc cref="Save" path="/param[@name='labels']/node()"/></param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="palette"><inheritdoc cref="Save" path="/param[@name='palette']/node()"/></param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentException">The labels are not height x width values.</exception>
    public static void Write(Stream stream, ReadOnlySpan<byte> labels, int height, int width, ClassPalette? palette = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CheckLength(labels, height, width);
        IndexedPng.Write(stream, labels, width, height, palette ?? ClassPalette.Voc, areKeyValues: true);
    }

    private static void CheckLength(ReadOnlySpan<byte> labels, int height, int width)
    {
        if (labels.Length != (long)width * height)
            throw new ArgumentException($"{width} x {height} pixels need as many labels, not {labels.Length}.", nameof(labels));
    }
}
