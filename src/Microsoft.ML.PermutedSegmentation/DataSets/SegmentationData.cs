using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A data set in the layout that a labelling tool or a public data set has, which is recognised: see <see cref="SegmentationLayout"/>.
/// docs/data.md says what is read, and how.
/// </summary>
/// <remarks>
/// Masks that are no files yet (polygons, run lengths) or whose values must be renumbered are painted once, when a list is loaded, into PNG
/// files in a folder of their own. Nothing is written into the data set's folder.
/// </remarks>
public sealed class SegmentationData : IDisposable
{
    private readonly DataSource _source;
    private readonly MaskCache _cache;
    private readonly int _seed;
    private readonly string? _onlyList;
    private bool _saidNotes;

    private SegmentationData(string path, DataSource source, MaskCache cache, ImageOrientation orientation, int seed)
    {
        Path = path;
        _source = source;
        _cache = cache;
        _seed = seed;
        Orientation = orientation;
        _onlyList = source.ListNames is [var only] && !SplitNames.IsSplit(only) ? only : null;
        Lists = _onlyList is null ? source.ListNames : [_onlyList, SplitNames.Training, SplitNames.Validation];
    }

    /// <summary>The folder, an absolute path.</summary>
    public string Path { get; }

    /// <summary>What the folder was found to be.</summary>
    public SegmentationLayout Layout => _source.Layout;

    /// <summary>The same, for people.</summary>
    public string Description => $"{_source.Description}, {ClassNames.Count} classes"
        + (_onlyList is null ? $", lists {string.Join(", ", Lists)}" : $", one list '{_onlyList}', split into train and val by seed {_seed}");

    /// <summary>The names of the classes, in the order of their numbers.</summary>
    public IReadOnlyList<string> ClassNames => _source.Classes.Names;

    /// <summary>The colors of the classes. For <c>LoadMasks</c>.</summary>
    public ClassPalette Palette => _source.Classes.Palette;

    /// <summary>How images that are stored turned are read. For <c>LoadImages</c>.</summary>
    public ImageOrientation Orientation { get; }

    /// <summary>The lists that <see cref="Load"/> knows. Where the data has no split, <c>train</c> and <c>val</c> were made by seed.</summary>
    public IReadOnlyList<string> Lists { get; }

    /// <summary>The list to train on; null when it is not obvious.</summary>
    public string? TrainingList => Lists.FirstOrDefault(SplitNames.IsTraining);

    /// <summary>The list to choose the best epoch and to evaluate with; null when it is not obvious.</summary>
    public string? ValidationList => Lists.FirstOrDefault(SplitNames.IsValidation);

    /// <summary>Opens a data set. Lists and annotations are read, but no image.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="palette">The colors of the classes, if the folder does not define them; <see cref="ClassPalette.Binary"/> for black and white masks.</param>
    /// <param name="orientation">How images that are stored turned (EXIF) are read.</param>
    /// <param name="maskFolder">
    /// Where masks that have to be painted are kept for the next time; made when missing. When null, a temporary folder that is removed by
    /// <see cref="Dispose"/>.
    /// </param>
    /// <param name="seed">Chooses the validation images where the data has no split.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, the palette has fewer colors than there are classes, or the folder of masks lies in the data set's.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder is missing.</exception>
    /// <exception cref="InvalidDataException">Its layout is not known, or its lists, classes or annotations are not right.</exception>
    public static SegmentationData Open(
        string path, ClassPalette? palette = null, ImageOrientation orientation = ImageOrientation.Upright, string? maskFolder = null, int seed = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"The data set folder does not exist: '{path}'.");
        if (maskFolder is not null && IsIn(System.IO.Path.GetFullPath(maskFolder), path))
            throw new ArgumentException($"The folder of painted masks '{maskFolder}' lies in the data set's folder '{path}' and would be taken for a part of it; choose another one.", nameof(maskFolder));
        return new SegmentationData(path, Layouts.Recognise(new DataFolder(path, palette, orientation)), new MaskCache(maskFolder), orientation, seed);
    }

    /// <summary>
    /// Reads a list and checks up front that every image is there and complete and that its mask has its size. Masks that are no files
    /// yet are painted. What is left out, such as images without a mask, is logged as a warning.
    /// </summary>
    /// <param name="mlContext">The context that makes the data view.</param>
    /// <param name="list">One of <see cref="Lists"/>.</param>
    /// <param name="masks">Whether there are masks; without them MaskPath is empty.</param>
    /// <returns>One row per image of the Text columns Name (with <c>/</c>, without extension), ImagePath and MaskPath (absolute paths).</returns>
    /// <exception cref="ArgumentException">There is no such list.</exception>
    /// <exception cref="FileNotFoundException">An image or a mask is missing.</exception>
    /// <exception cref="InvalidDataException">An image, a mask or an annotation is not right; the message names the file.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public IDataView Load(MLContext mlContext, string list, bool masks = true)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentException.ThrowIfNullOrEmpty(list);
        using IChannel channel = ((IHostEnvironment)mlContext).Register(nameof(SegmentationData)).Start(nameof(Load));
        if (!_saidNotes)
            Summarize(_source.Notes).ToList().ForEach(message => channel.Warn(message));
        _saidNotes = true;
        var rows = new List<VocRow>();
        int workers = InputWorkers.Alone;
        foreach ((VocRow row, List<string> warnings) in OrderedWorkers.Run(Entries(list, masks), workers, 4 * workers, (entry, _) => Prepare(entry)))
        {
            warnings.ForEach(message => channel.Warn(message));
            rows.Add(row);
        }
        return rows.Count > 0 ? mlContext.Data.LoadFromEnumerable(rows) : throw new InvalidDataException($"The list '{list}' of '{Path}' is empty.");
    }

    /// <summary>Reads every image and every mask of all lists, and says what they hold and, of each file, what is wrong with it first.</summary>
    /// <param name="progress">Gets how many images have been read, of how many.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>What was found. Problems of single files are in it and throw nothing.</returns>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public SegmentationDataReport Check(IProgress<(int Done, int Total)>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_cache.IsDisposed, this);
        return new DataCheck(this, _source).Run(progress, cancellationToken);
    }

    /// <summary>Removes the masks that were painted into a temporary folder.</summary>
    public void Dispose() => _cache.Dispose();

    /// <summary>The images of a list.</summary>
    internal IReadOnlyList<DataEntry> Entries(string list, bool masks)
    {
        list = Lists.FirstOrDefault(one => one == list) ?? Lists.FirstOrDefault(one => AreAlike(one, list))
            ?? throw new ArgumentException($"'{Path}' has no list '{list}'; it has {string.Join(", ", Lists)}.", nameof(list));
        if (_onlyList is null || list == _onlyList)
            return _source.Read(list, masks);
        var all = _source.Read(_onlyList, masks);
        var validation = SeededSplit.ValidationNames([.. all.Select(entry => entry.Name).Distinct()], _seed);
        return [.. all.Where(entry => validation.Contains(entry.Name) == (list == SplitNames.Validation))];
    }

    // As file names are found: in any case, in any Unicode form, with both separators.
    private static bool AreAlike(string name, string other) =>
        FolderIndex.Compose(name).Equals(FolderIndex.Compose(other.Replace('\\', '/')), StringComparison.OrdinalIgnoreCase);

    private static bool IsIn(string folder, string other) =>
        (folder + System.IO.Path.DirectorySeparatorChar).StartsWith(System.IO.Path.TrimEndingDirectorySeparator(other) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // What is to be said of an entry waits for its turn.
    private (VocRow Row, List<string> Warnings) Prepare(DataEntry entry)
    {
        var warnings = new List<string>();
        var size = CheckFiles(entry);
        string mask = entry.Mask is PaintedMask painted ? _cache.Get(entry.Name, painted, size, _source.Classes, warnings.Add) : entry.Mask?.Path ?? "";
        return (new VocRow { Name = entry.Name, ImagePath = entry.ImagePath, MaskPath = mask }, warnings);
    }

    // The size of the image. Painted masks have no files of their own.
    private (int Height, int Width) CheckFiles(DataEntry entry)
    {
        if (entry.Problem is not null)
            throw entry.Problem;
        var size = ImageFile.CheckWhole(entry.ImagePath, Orientation);
        if (entry.Mask is null or PaintedMask)
            return size;
        var maskSize = ImageFile.CheckWholePng(entry.Mask.Path);
        return maskSize == size ? size : throw new InvalidDataException(DataCheck.Differs(entry.Mask.Path, maskSize, entry.ImagePath, size));
    }

    // One line for many files.
    private static IEnumerable<string> Summarize(IReadOnlyList<SegmentationDataProblem> notes) => notes.Count <= 3
        ? notes.Select(note => note.Message)
        : [.. notes.Take(2).Select(note => note.Message), $"... and {notes.Count - 2} more of this kind; Check (permseg data) lists them all."];
}
