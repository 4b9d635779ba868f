namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Distinguishes model files, weights files and all others by their content; their names do not matter.</summary>
public static class SegmentationFile
{
    /// <summary>What kind of file it is. Only its beginning is read, and the directory of a ZIP archive: it may still be damaged.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    public static SegmentationFileKind KindOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return FileContent.Of(path).Kind;
    }

    /// <summary>Refuses a file that is not of a wanted kind, and says what it is instead and what to do with it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wanted">The kinds that are accepted.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is of another kind.</exception>
    public static void Require(string path, params ReadOnlySpan<SegmentationFileKind> wanted)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileContent content = FileContent.Of(path);
        if (!wanted.Contains(content.Kind))
            throw new InvalidDataException($"'{path}' is {content.Description}, not {string.Join(" or ", wanted.ToArray().Select(Name))}{content.ToAdvice()}.");
    }

    private static string Name(SegmentationFileKind kind) => kind switch
    {
        SegmentationFileKind.Model => "a segmentation model (ML.NET)",
        SegmentationFileKind.Weights => "weights (safetensors or PyTorch)",
        SegmentationFileKind.Onnx => "an ONNX model",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of file."),
    };
}
