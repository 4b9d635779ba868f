namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Loading of images and masks; reached by <c>mlContext.Segmentation().Transforms</c>.</summary>
public sealed class SegmentationTransformsCatalog
{
    internal SegmentationTransformsCatalog(MLContext environment) => Environment = environment;

    internal MLContext Environment { get; }

    /// <summary>
    /// Loads pictures from JPEG and PNG files: upright as viewers show them, with the colors that transparent pixels have, and never
    /// partially; a file that cannot be read in this way is refused with an error that names it. ML.NET's own LoadImages can be used as well:
    /// the trainers and models of this library check the file behind each of its images.
    /// </summary>
    /// <param name="outputColumnName">The column of the images.</param>
    /// <param name="imageFolder">The folder that relative file names start from; null or empty: the working folder.</param>
    /// <param name="inputColumnName">The column with the file names, of type Text; <paramref name="outputColumnName"/> when null.</param>
    /// <param name="orientation">How pictures that are stored turned (EXIF) are read.</param>
    /// <exception cref="ArgumentException">A column name is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="orientation"/> is not a defined value.</exception>
    public ImageFileLoadingEstimator LoadImages(
        string outputColumnName, string? imageFolder, string? inputColumnName = null, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        inputColumnName ??= outputColumnName;
        ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        if (!Enum.IsDefined(orientation))
            throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "Unknown orientation.");
        return new ImageFileLoadingEstimator(
            new ImageFileLoadingTransformer(Environment, outputColumnName, imageFolder, inputColumnName, orientation));
    }

    /// <summary>
    /// Loads segmentation masks from files. A mask is an indexed or grey PNG whose values are classes, 255 for void, or an
    /// RGB PNG with a color per class. See <see cref="MaskLoadingEstimator"/> for the columns that it adds.
    /// </summary>
    /// <remarks>
    /// An indexed mask whose palette was re-numbered is read by its colors: if each entry that pixels use has the color of a class,
    /// and at least one has the color of a class other than its number. If only some have, the mask is refused. Masks are only needed
    /// to train and to evaluate: rows without the column of file names pass through.
    /// </remarks>
    /// <param name="outputColumnName">The column of the masks; a second one, with Size added to the name, has their sizes.</param>
    /// <param name="maskFolder">The folder that relative file names start from; null or empty: the working folder.</param>
    /// <param name="inputColumnName">The column with the file names, of type Text.</param>
    /// <param name="classNames">2 to 255 different names, in the order of the classes' values in the masks.</param>
    /// <param name="palette">
    /// The colors of the classes; <see cref="ClassPalette.Voc"/> when null. <see cref="ClassPalette.Binary"/> is for masks in black and
    /// white, in which 255 is an object and not void.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A column name is empty, the class names are not 2 to 255 different names, or the palette has fewer colors than there
    /// are classes.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException"><paramref name="maskFolder"/> does not exist.</exception>
    public MaskLoadingEstimator LoadMasks(
        string outputColumnName, string? maskFolder, string inputColumnName, IReadOnlyList<string> classNames, ClassPalette? palette = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        ArgumentNullException.ThrowIfNull(classNames);
        palette ??= ClassPalette.Voc;
        if (ClassNameList.FindProblem(classNames) is { } problem)
            throw new ArgumentException(problem, nameof(classNames));
        if (palette.Count < classNames.Count)
            throw new ArgumentException($"The palette has {palette.Count} colors for {classNames.Count} classes.", nameof(palette));
        // Checked here and not when a saved model is loaded: that one may score images on a machine without masks.
        if (!string.IsNullOrEmpty(maskFolder) && !Directory.Exists(maskFolder))
            throw new DirectoryNotFoundException($"There is no mask folder '{maskFolder}'.");
        return new MaskLoadingEstimator(
            new MaskLoadingTransformer(Environment, outputColumnName, maskFolder, inputColumnName, [.. classNames], palette));
    }
}
