namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Reads a whole data set, and counts.</summary>
internal sealed class DataCheck(SegmentationData data, DataSource source)
{
    private readonly List<SegmentationDataProblem> _problems = [.. source.Notes];
    private readonly Dictionary<UInt128, string> _contents = [];
    private readonly Dictionary<(int Height, int Width), int> _sizes = [];
    private readonly LabelCounts _labels = new(data.ClassNames);
    private readonly int[] _imagesWith = new int[MaskLabels.KeyValueCount(data.ClassNames.Count)];
    private readonly List<string> _masksOfVoid = [];
    private readonly MaskReader _masks = new(data.ClassNames, data.Palette);

    public static string Differs(string mask, (int Height, int Width) maskSize, string image, (int Height, int Width) size) =>
        $"The mask '{mask}' has {maskSize.Width} x {maskSize.Height} pixels, its image '{image}' {size.Width} x {size.Height}; they should be the same.{MaskShape.ExplainTurn(maskSize, size)}";

    public SegmentationDataReport Run(IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken)
    {
        var lists = new List<(string Name, int Images)>();
        var entries = new Dictionary<string, DataEntry>();
        foreach (string list in source.ListNames)
            lists.Add((list, AddList(list, entries)));
        // What is wrong with a list has been said when others are made of it.
        if (lists.TrueForAll(list => list.Images > 0))
            lists.AddRange(data.Lists.Except(source.ListNames).Select(list => (list, data.Entries(list, masks: false).Count)));
        NoteNamesInBoth();

        int done = 0, workers = InputWorkers.Alone;
        cancellationToken.ThrowIfCancellationRequested();
        foreach (CheckedEntry entry in OrderedWorkers.Run(entries.Values, workers, 2 * workers, (entry, _) => CheckedEntry.Read(entry, data.Orientation, _masks)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Count(entry);
            progress?.Report((++done, entries.Count));
        }
        NoteClasses();
        return new SegmentationDataReport(lists,
            [.. _sizes.OrderByDescending(size => size.Value).Select(size => (size.Key.Height, size.Key.Width, size.Value))],
            [.. data.ClassNames.Select((name, k) => (name, _labels.Pixels[k + 1], _imagesWith[k + 1]))], _labels.Pixels[0], _problems);
    }

    private void NoteClasses()
    {
        for (int k = 0; k < data.ClassNames.Count; k++)
        {
            if (_labels.Pixels[k + 1] == 0)
                Note(data.Path, $"The class {k} '{data.ClassNames[k]}' never occurs: no pixel of any mask belongs to it.");
        }
        if (_labels.FindObjectsAsVoid() is not { } problem)
            return;
        Note(data.Path, problem);
        foreach (string mask in _masksOfVoid)
            Note(mask, $"'{mask}' has pixels of value 255, which are void, and hardly any or none of an object.");
    }

    private int AddList(string list, Dictionary<string, DataEntry> entries)
    {
        try
        {
            var found = source.Read(list, true);
            foreach (DataEntry entry in found)
                entries.TryAdd($"{entry.Name}\n{entry.ImagePath}", entry);
            if (found.Count == 0)
                Refuse(data.Path, $"The list '{list}' is empty.");
            return found.Count;
        }
        catch (Exception exception) when (CheckedEntry.IsAboutFiles(exception))
        {
            Refuse(data.Path, exception.Message);
            return 0;
        }
    }

    // What a model is evaluated with should be new to it.
    private void NoteNamesInBoth()
    {
        if (data.TrainingList is not { } training || data.ValidationList is not { } validation)
            return;
        try
        {
            var seen = data.Entries(training, false).Select(entry => entry.ImagePath).ToHashSet();
            foreach (DataEntry entry in data.Entries(validation, false).Where(entry => entry.ImagePath.Length > 0 && seen.Contains(entry.ImagePath)))
                Note(entry.ImagePath, $"'{entry.ImagePath}' is in both lists, '{training}' and '{validation}'.");
        }
        catch (Exception exception) when (CheckedEntry.IsAboutFiles(exception))
        {
            // It has been said.
        }
    }

    private void Count(CheckedEntry read)
    {
        DataEntry entry = read.Entry;
        if (entry.Problem is not null)
        {
            Refuse(entry.ImagePath.Length > 0 ? entry.ImagePath : entry.Mask?.Path ?? data.Path, entry.Problem.Message);
            return;
        }
        if (read.Size is { } size)
        {
            _sizes[size] = _sizes.GetValueOrDefault(size) + 1;
            if (read.Problem?.Path != entry.ImagePath && !_contents.TryAdd(read.Content, entry.ImagePath))
                Note(entry.ImagePath, $"'{entry.ImagePath}' has the same bytes as '{_contents[read.Content]}'.");
        }
        foreach (string warning in read.Warnings)
            Note(entry.Mask!.Path, $"'{entry.Mask.Path}': {warning}");
        if (read.Problem is var (path, message))
            Refuse(path, message);
        else if (read.Classes is { } classes)
            Count(classes, entry.Mask!.Path);
    }

    private void Count(byte[] classes, string mask)
    {
        var counts = new int[256];
        foreach (byte k in classes)
            counts[k]++;
        int[] pixels = [counts[ClassPalette.VoidClass], .. counts.AsSpan(0, data.ClassNames.Count)];
        for (int value = 0; value < pixels.Length; value++)
            _imagesWith[value] += pixels[value] > 0 ? 1 : 0;
        if (_labels.Add(pixels))
            _masksOfVoid.Add(mask);
    }

    private void Note(string path, string message) => _problems.Add(new SegmentationDataProblem(path, message, StopsTraining: false));

    private void Refuse(string path, string message) => _problems.Add(new SegmentationDataProblem(path, message, StopsTraining: true));
}
