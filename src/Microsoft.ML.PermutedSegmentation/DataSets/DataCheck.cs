using System.IO.Hashing;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Reads a whole data set, an image at a time, and counts.</summary>
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

        int done = 0;
        foreach (DataEntry entry in entries.Values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Read(entry);
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
        catch (Exception exception) when (IsAboutFiles(exception))
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
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            // It has been said.
        }
    }

    private void Read(DataEntry entry)
    {
        if (entry.Problem is not null)
        {
            Refuse(entry.ImagePath.Length > 0 ? entry.ImagePath : entry.Mask?.Path ?? data.Path, entry.Problem.Message);
            return;
        }
        string path = entry.ImagePath;
        try
        {
            using MLImage image = ImageFile.Load(path, data.Orientation);
            var size = (image.Height, image.Width);
            _sizes[size] = _sizes.GetValueOrDefault(size) + 1;
            FindSame(path);
            if (entry.Mask is null)
                return;
            path = entry.Mask.Path;
            Count(entry.Mask, entry.ImagePath, size);
        }
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            Refuse(path, exception.Message);
        }
    }

    private void FindSame(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(stream);
        if (!_contents.TryAdd(hash.GetCurrentHashAsUInt128(), path))
            Note(path, $"'{path}' has the same bytes as '{_contents[hash.GetCurrentHashAsUInt128()]}'.");
    }

    private void Count(MaskSource mask, string image, (int Height, int Width) size)
    {
        byte[] classes;
        if (mask is PaintedMask painted)
        {
            classes = painted.Paint(size.Height, size.Width, message => Note(mask.Path, $"'{mask.Path}': {message}"));
        }
        else
        {
            (classes, int height, int width) = _masks.Read(mask.Path);
            MaskLabels.ToClasses(classes, classes);
            if ((height, width) != size)
                throw new InvalidDataException(Differs(mask.Path, (height, width), image, size));
        }
        var counts = new int[256];
        foreach (byte k in classes)
            counts[k]++;
        int[] pixels = [counts[ClassPalette.VoidClass], .. counts.AsSpan(0, data.ClassNames.Count)];
        for (int value = 0; value < pixels.Length; value++)
            _imagesWith[value] += pixels[value] > 0 ? 1 : 0;
        if (_labels.Add(pixels))
            _masksOfVoid.Add(mask.Path);
    }

    private void Note(string path, string message) => _problems.Add(new SegmentationDataProblem(path, message, StopsTraining: false));

    private void Refuse(string path, string message) => _problems.Add(new SegmentationDataProblem(path, message, StopsTraining: true));

    private static bool IsAboutFiles(Exception exception) => exception is IOException or InvalidDataException or UnauthorizedAccessException;
}
