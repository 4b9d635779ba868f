namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A data set in the folder layout of PASCAL VOC: <c>JPEGImages/{name}.jpg</c> (or .jpeg, .png),
/// <c>SegmentationClass/{name}.png</c> and lists of names <c>ImageSets/Segmentation/{list}.txt</c>, one name a line.
/// </summary>
public sealed class VocFolder
{
    private static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png"];

    private readonly string _listFolder;

    private VocFolder(string path, IReadOnlyList<string> classNames)
    {
        ImageFolder = Path.Combine(path, "JPEGImages");
        MaskFolder = Path.Combine(path, "SegmentationClass");
        _listFolder = Path.Combine(path, "ImageSets", "Segmentation");
        ClassNames = classNames;
    }

    /// <summary>The 21 classes of PASCAL VOC 2012, background first; also those of torchvision's pretrained segmentation models.</summary>
    public static IReadOnlyList<string> VocClassNames => ClassNameList.Voc;

    /// <summary>The folder of the images, an absolute path.</summary>
    public string ImageFolder { get; }

    /// <summary>The folder of the masks, an absolute path; a test set may lack it.</summary>
    public string MaskFolder { get; }

    /// <summary>The names of the classes, in the order of their indices in the masks.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Opens a data set.</summary>
    /// <param name="path">The folder that holds JPEGImages, SegmentationClass and ImageSets.</param>
    /// <param name="classNamesFile">
    /// A text file with one class name a line, in class order. When null, <c>classes.txt</c> in the folder, and when there
    /// is none the 21 classes of VOC 2012.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">The folder or a folder in it is missing.</exception>
    /// <exception cref="FileNotFoundException"><paramref name="classNamesFile"/> is missing.</exception>
    /// <exception cref="InvalidDataException">The class names are not 2 to 255 different names.</exception>
    public static VocFolder Open(string path, string? classNamesFile = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        CheckFolder(path, "There is no data set folder");
        string ownFile = Path.Combine(path, "classes.txt");
        if (classNamesFile is null && File.Exists(ownFile))
            classNamesFile = ownFile;
        var folder = new VocFolder(path, classNamesFile is null ? ClassNameList.Voc : ReadClassNames(classNamesFile));
        CheckFolder(folder.ImageFolder, "The data set lacks its folder of images");
        CheckFolder(folder._listFolder, "The data set lacks its folder of lists");
        return folder;
    }

    /// <summary>Reads the names of classes from a text file with one name a line, in class order.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The class names are not 2 to 255 different names.</exception>
    public static IReadOnlyList<string> ReadClassNames(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file of class names '{path}'.", path);
        // A line left empty at the end is usual; one in the middle would shift the classes after it.
        string[] names = File.ReadAllText(path).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        return ClassNameList.FindProblem(names) is { } problem
            ? throw new InvalidDataException($"'{path}': {problem} It should have one name a line, in class order.")
            : names;
    }

    /// <summary>
    /// Reads a list and checks up front, before hours of training, that every file it names is there, whole, and that
    /// masks have the size of their images. Nothing is decoded.
    /// </summary>
    /// <param name="mlContext">The context that makes the data view.</param>
    /// <param name="list">The name of a list without its extension, such as <c>train</c>.</param>
    /// <param name="masks">Whether there are masks; without them MaskPath is empty text.</param>
    /// <returns>One row a name, in the list's order, of the Text columns Name, ImagePath and MaskPath (absolute paths).</returns>
    /// <exception cref="DirectoryNotFoundException">The folder of masks is missing.</exception>
    /// <exception cref="FileNotFoundException">The list, or an image or mask it names, is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// The list is empty or names a file outside the folder; an image or mask is truncated or of no known format; or a mask
    /// has another size than its image.
    /// </exception>
    public IDataView Load(MLContext mlContext, string list, bool masks = true)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentException.ThrowIfNullOrEmpty(list);
        if (LeavesFolder(list))
            throw new ArgumentException($"'{list}' is not the name of a list in '{_listFolder}'.", nameof(list));
        string listFile = Path.Combine(_listFolder, list + ".txt");
        if (!File.Exists(listFile))
            throw new FileNotFoundException($"The data set has no list '{listFile}'.", listFile);
        if (masks)
            CheckFolder(MaskFolder, "The data set lacks its folder of masks");

        var rows = new List<Row>();
        string[] lines = File.ReadAllLines(listFile);
        for (int i = 0; i < lines.Length; i++)
        {
            string name = lines[i].Trim();
            if (name.Length > 0)
                rows.Add(FindFiles(name, $"'{listFile}', line {i + 1}", masks));
        }

        if (rows.Count == 0)
            throw new InvalidDataException($"The list '{listFile}' is empty; it should have one image name a line.");
        return mlContext.Data.LoadFromEnumerable(rows);
    }

    private Row FindFiles(string name, string line, bool masks)
    {
        if (LeavesFolder(name))
            throw new InvalidDataException($"{line}: the name '{name}' points outside the data set's folders.");
        string? image = ImageExtensions.Select(extension => Path.Combine(ImageFolder, name + extension)).FirstOrDefault(File.Exists);
        if (image is null)
        {
            string expected = Path.Combine(ImageFolder, name + ImageExtensions[0]);
            throw new FileNotFoundException($"{line}: there is no image '{expected}' (nor .jpeg, nor .png).", expected);
        }

        var imageSize = ImageFile.CheckWhole(image);
        if (!masks)
            return new Row { Name = name, ImagePath = image };

        string mask = Path.Combine(MaskFolder, name + ".png");
        if (!File.Exists(mask))
            throw new FileNotFoundException($"{line}: there is no mask '{mask}'.", mask);
        var maskSize = ImageFile.CheckWholePng(mask);
        if (maskSize != imageSize)
        {
            throw new InvalidDataException(
                $"{line}: the mask '{mask}' has {maskSize.Width} x {maskSize.Height} pixels, its image '{image}' {imageSize.Width} x {imageSize.Height}; they should be the same.");
        }

        return new Row { Name = name, ImagePath = image, MaskPath = mask };
    }

    // Both separators on every system: a list may have been written elsewhere.
    private static bool LeavesFolder(string name) =>
        Path.IsPathRooted(name) || name.StartsWith('\\') || name.Split('/', '\\').Contains("..");

    private static void CheckFolder(string path, string problem)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"{problem}: '{path}'.");
    }

    private sealed class Row
    {
        public string Name { get; set; } = "";

        public string ImagePath { get; set; } = "";

        public string MaskPath { get; set; } = "";
    }
}
