namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>A folder of images and a folder of masks, or such a pair for each split.</summary>
internal static class FolderPairLayout
{
    private static readonly string[] ImageFolders = ["images", "image", "imgs", "img", "JPEGImages", "photos", "pictures", "rgb", "input", "inputs", "original", "originals"];
    private static readonly string[] MaskEndings = ["_masks", "_mask", "masks", "_labels", "_label", "labels", "_annot", "annot", "_gt"];

    /// <summary>What folders of masks are called.</summary>
    public static string[] MaskFolders { get; } =
        ["masks", "mask", "SegmentationClassPNG", "SegmentationClass", "labels", "label", "annotations", "annotation", "gt", "groundtruth", "ground_truth", "segmentations", "segmentation", "targets", "target"];

    public static DataSource? TryOpen(DataFolder folder)
    {
        FolderPair[] pairs = [.. Find(folder.Path)];
        if (pairs.Length == 0)
            return null;
        var notes = new List<SegmentationDataProblem>();
        var entries = pairs.SelectMany(pair => pair.Match(notes)).ToList();
        string what = $"{string.Join(", ", pairs.Select(pair => $"images in {Path.GetRelativePath(folder.Path, pair.Images)} and masks in {Path.GetRelativePath(folder.Path, pair.Masks)}"))}";
        if (entries.Count == 0)
            throw new InvalidDataException($"'{folder.Path}' has {what}, but no image has a mask of its name. The mask of images/x.jpg is masks/x.png or masks/x_mask.png.");
        var stored = entries.Where(pair => pair.Entry.Problem is null).Select(pair => pair.Entry.Mask!.Path);
        return DataSource.Of(SegmentationLayout.ImagesAndMasks, what, FolderPairClasses.Find(folder, stored), entries, notes);
    }

    private static IEnumerable<FolderPair> Find(string path)
    {
        if (FindIn(path, split: null) is { } pair)
            return [pair];
        string[] splits = [.. Directory.GetDirectories(path).Where(folder => SplitNames.IsSplit(Path.GetFileName(folder))).Order(StringComparer.Ordinal)];
        return splits.Select(folder => FindIn(folder, Path.GetFileName(folder)) ?? FindBeside(path, Path.GetFileName(folder))).OfType<FolderPair>();
    }

    private static FolderPair? FindIn(string path, string? split) =>
        DataFolder.FindFolder(path, ImageFolders) is { } images && FindMasks(path, MaskFolders) is { } masks ? new FolderPair(images, masks, split) : null;

    private static FolderPair? FindBeside(string path, string split) =>
        FindMasks(path, MaskEndings.Select(ending => split + ending)) is { } masks ? new FolderPair(Path.Combine(path, split), masks, split) : null;

    // labelme writes arrays of numbers to one folder and PNG files to another.
    private static string? FindMasks(string path, IEnumerable<string> names)
    {
        string[] folders = [.. names.Select(name => DataFolder.FindFolder(path, name)).OfType<string>()];
        return folders.FirstOrDefault(folder => DataFolder.Files(folder, ".png").Length > 0)
            ?? folders.FirstOrDefault(folder => DataFolder.Files(folder, FolderPair.MaskExtensions).Length > 0);
    }
}
