namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>All layouts, in the order in which they are tried.</summary>
internal static class Layouts
{
    private static readonly Func<DataFolder, DataSource?>[] All =
        [VocLayout.TryOpen, CityscapesLayout.TryOpen, Ade20KLayout.TryOpen, CocoLayout.TryOpen, YoloLayout.TryOpen, LabelmeLayout.TryOpen, FolderPairLayout.TryOpen];

    /// <summary>Finds out what a folder is.</summary>
    /// <exception cref="InvalidDataException">It is nothing that is known, or it is damaged.</exception>
    public static DataSource Recognise(DataFolder folder)
    {
        foreach (var tryOpen in All)
        {
            if (tryOpen(folder) is { } source)
                return source;
        }
        // Broken JSON is nothing that can be recognised.
        foreach (string file in DataFolder.Files(folder.Path, ".json"))
            JsonFile.Read(file, (_, _, _) => { });
        throw new InvalidDataException(
            $"'{folder.Path}' is no data set in a layout that is known. Expected is one of: JPEGImages and ImageSets/Segmentation (PASCAL VOC, CVAT); leftImg8bit and gtFine (Cityscapes); images/training and annotations/training (ADE20K); .json files of COCO or labelme; images and labels/*.txt (YOLO); or a folder of images and one of masks, such as images and masks. It holds {Content(folder.Path)}.");
    }

    private static string Content(string path)
    {
        const int Most = 8;
        string[] entries = [.. Directory.EnumerateFileSystemEntries(path).Take(Most + 1).Select(entry => Path.GetFileName(entry))];
        return entries.Length == 0 ? "nothing" : string.Join(", ", entries.Take(Most).Order(StringComparer.Ordinal)) + (entries.Length > Most ? ", ..." : "");
    }
}
