namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>PASCAL VOC and CVAT's export in its layout, with what <see cref="VocFolder"/> knows of them.</summary>
internal static class VocLayout
{
    public static DataSource? TryOpen(DataFolder folder)
    {
        if (DataFolder.FindFolder(folder.Path, "ImageSets") is null && !IsEmptyOfMasks(folder))
            return null;
        var voc = VocFolder.Open(folder.Path, palette: folder.Palette, orientation: folder.Orientation);
        bool isCvat = Path.GetFileName(voc.ClassNamesFile)?.Equals("labelmap.txt", StringComparison.OrdinalIgnoreCase) == true;
        return new DataSource(
            isCvat ? SegmentationLayout.Cvat : SegmentationLayout.PascalVoc,
            isCvat ? "CVAT's segmentation masks (labelmap.txt, layout of PASCAL VOC)" : "the layout of PASCAL VOC",
            new ClassList(voc.ClassNames, voc.Palette),
            voc.ListNames,
            (list, masks) => Read(voc, list, masks),
            voc.ClassesProblem is { } problem ? [new SegmentationDataProblem(folder.Path, problem, StopsTraining: false)] : []);
    }

    // JPEGImages alone is VOC with its lists forgotten; with masks beside it, it is two folders.
    private static bool IsEmptyOfMasks(DataFolder folder) =>
        DataFolder.FindFolder(folder.Path, "JPEGImages") is not null && DataFolder.FindFolder(folder.Path, FolderPairLayout.MaskFolders) is null;

    private static List<DataEntry> Read(VocFolder voc, string list, bool masks)
    {
        var entries = new List<DataEntry>();
        foreach (var (line, row) in voc.Find(list, masks, (name, problem) => entries.Add(new DataEntry(name, "", null, problem))))
            entries.Add(new DataEntry(row.Name, row.ImagePath, masks ? new StoredMask(row.MaskPath) : null));
        return entries;
    }
}
