using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A data set in the folder layout of PASCAL VOC: <c>JPEGImages/{name}.jpg</c> (or .jpeg, .png),
/// <c>SegmentationClass/{name}.png</c> and lists of names <c>ImageSets/Segmentation/{list}.txt</c>, one name per line.
/// </summary>
/// <remarks>
/// Lists may have been written on another system. <c>/</c> and <c>\</c> separate folders, a name may include its extension. A file
/// with exactly that name comes before one with the name in another Unicode form, and that before one in another case. Two files
/// that match equally well are an error.
/// </remarks>
public sealed partial class VocFolder
{
    private readonly string _path;
    private readonly string _listFolder;
    private bool _saidThatClassesAreVocs;

    private VocFolder(string path, string? classNamesFile, ClassPalette? palette, ImageOrientation orientation)
    {
        _path = path;
        Orientation = orientation;
        ImageFolder = Path.Combine(path, "JPEGImages");
        MaskFolder = Path.Combine(path, "SegmentationClass");
        _listFolder = Path.Combine(path, "ImageSets", "Segmentation");
        ClassNamesFile = classNamesFile;
        ClassList classes = classNamesFile is null ? ClassList.Voc : ClassList.Read(classNamesFile);
        ClassNames = classes.Names;
        Palette = palette ?? classes.Palette;
        if (Palette.Count < ClassNames.Count)
            throw new ArgumentException($"The palette has {Palette.Count} colors, but '{classNamesFile ?? path}' has {ClassNames.Count} classes.", nameof(palette));
    }

    /// <summary>The 21 classes of PASCAL VOC 2012, background first; also those of torchvision's pretrained segmentation models.</summary>
    public static IReadOnlyList<string> VocClassNames => ClassNameList.Voc;

    /// <summary>The folder of the images, an absolute path.</summary>
    public string ImageFolder { get; }

    /// <summary>The folder of the masks, an absolute path; a test set may not have one.</summary>
    public string MaskFolder { get; }

    /// <summary>The names of the classes, in the order of their indices in the masks.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The colors of the classes: those given, or else those of <c>labelmap.txt</c>, or else VOC's. For <c>LoadMasks</c>.</summary>
    public ClassPalette Palette { get; }

    /// <summary>How images that are stored turned are read, so that masks fit them. For <c>LoadImages</c>.</summary>
    public ImageOrientation Orientation { get; }

    /// <summary>The file that the classes were read from; null if there was none and VOC's 21 classes are used.</summary>
    public string? ClassNamesFile { get; }

    /// <summary>Opens a data set.</summary>
    /// <param name="path">The folder that holds JPEGImages, SegmentationClass and ImageSets.</param>
    /// <param name="classNamesFile">
    /// A text file with one class name per line, in class order, or CVAT's labelmap.txt. When null, the first of
    /// <c>classes.txt</c>, <c>labelmap.txt</c> (CVAT) and <c>class_names.txt</c> (labelme) that exists in the folder; if there is
    /// none, the 21 classes of VOC 2012, with a warning from <see cref="Load"/>.
    /// </param>
    /// <param name="palette">The colors of the classes, if the folder does not define them; <see cref="ClassPalette.Binary"/> for black and white masks.</param>
    /// <param name="orientation">How images that are stored turned (EXIF) are read: <see cref="ImageOrientation.AsStored"/> if the masks were drawn on the stored images.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or the palette has fewer colors than there are classes.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder or a folder in it is missing.</exception>
    /// <exception cref="FileNotFoundException"><paramref name="classNamesFile"/> is missing.</exception>
    /// <exception cref="InvalidDataException">The class names are not 2 to 255 different names, or a label of labelmap.txt is not right.</exception>
    public static VocFolder Open(
        string path, string? classNamesFile = null, ClassPalette? palette = null, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        CheckFolder(path, "The data set folder does not exist");
        var folder = new VocFolder(path, classNamesFile ?? ClassList.FindFile(new FolderIndex(path)), palette, orientation);
        CheckFolder(folder.ImageFolder, "The data set has no image folder");
        CheckFolder(folder._listFolder, "The data set has no folder of lists");
        return folder;
    }

    /// <summary>Reads the names of classes from a text file with one name per line, in class order, or from CVAT's labelmap.txt.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The class names are not 2 to 255 different names, or a label of labelmap.txt is not right.</exception>
    public static IReadOnlyList<string> ReadClassNames(string path) => ClassList.Read(path).Names;

    /// <summary>
    /// Reads a list and checks up front, before hours of training, that every file it names exists and is complete, and that
    /// masks have the size of their images. Nothing is decoded. A warning is logged if VOC's classes are used because the folder
    /// has no class file.
    /// </summary>
    /// <param name="mlContext">The context that makes the data view.</param>
    /// <param name="list">The name of a list without its extension, such as <c>train</c>.</param>
    /// <param name="masks">Whether there are masks; without them MaskPath is empty.</param>
    /// <returns>One row per name, in the list's order, of the Text columns Name (with <c>/</c>, without extension), ImagePath and MaskPath (absolute paths).</returns>
    /// <exception cref="DirectoryNotFoundException">The folder of masks is missing.</exception>
    /// <exception cref="FileNotFoundException">The list, or an image or mask it names, is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// The list is empty, or a name is ambiguous or points outside the folder; an image or mask is truncated or of an unknown
    /// format; or a mask has another size than its image.
    /// </exception>
    public IDataView Load(MLContext mlContext, string list, bool masks = true)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentException.ThrowIfNullOrEmpty(list);
        if (ClassesProblem is { } problem && !_saidThatClassesAreVocs)
            Warn(mlContext, problem);
        return mlContext.Data.LoadFromEnumerable(Find(list, masks).Select(files => Check(files.Line, files.Row)).ToList());
    }

    /// <summary>What there is to say of the classes; null for nothing.</summary>
    internal string? ClassesProblem => ClassNamesFile is not null ? null
        : $"There is no {string.Join(", ", ClassList.FileNames.SkipLast(1))} or {ClassList.FileNames[^1]} in '{_path}': VOC's 21 classes are used.";

    private void Warn(IHostEnvironment environment, string problem)
    {
        using IChannel channel = environment.Register(nameof(VocFolder)).Start(nameof(Load));
        _saidThatClassesAreVocs = true;
        channel.Warn(problem);
    }

    private VocRow Check(string line, VocRow row)
    {
        var imageSize = ImageFile.CheckWhole(row.ImagePath, Orientation);
        if (row.MaskPath.Length == 0)
            return row;
        var maskSize = ImageFile.CheckWholePng(row.MaskPath);
        return maskSize == imageSize ? row : throw new InvalidDataException(
            $"{line}: the mask '{row.MaskPath}' has {maskSize.Width} x {maskSize.Height} pixels, its image '{row.ImagePath}' {imageSize.Width} x {imageSize.Height}; they should be the same.{MaskShape.ExplainTurn(maskSize, imageSize)}");
    }

    private static void CheckFolder(string path, string problem)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"{problem}: '{path}'.");
    }
}
