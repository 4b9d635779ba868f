namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Cityscapes: leftImg8bit/{split}/{city}/{name}_leftImg8bit.png and gtFine/{split}/{city}/{name}_gtFine_labelIds.png.</summary>
internal static class CityscapesLayout
{
    private const string ImageEnding = "_leftImg8bit", TrainIds = "_gtFine_labelTrainIds.png", LabelIds = "_gtFine_labelIds.png";

    // cityscapesScripts, helpers/labels.py: what is evaluated, by train id, with its label id and color.
    private static readonly (string Name, int LabelId, (byte Red, byte Green, byte Blue) Color)[] Labels =
    [
        ("road", 7, (128, 64, 128)), ("sidewalk", 8, (244, 35, 232)), ("building", 11, (70, 70, 70)), ("wall", 12, (102, 102, 156)),
        ("fence", 13, (190, 153, 153)), ("pole", 17, (153, 153, 153)), ("traffic light", 19, (250, 170, 30)), ("traffic sign", 20, (220, 220, 0)),
        ("vegetation", 21, (107, 142, 35)), ("terrain", 22, (152, 251, 152)), ("sky", 23, (70, 130, 180)), ("person", 24, (220, 20, 60)),
        ("rider", 25, (255, 0, 0)), ("car", 26, (0, 0, 142)), ("truck", 27, (0, 0, 70)), ("bus", 28, (0, 60, 100)), ("train", 31, (0, 80, 100)),
        ("motorcycle", 32, (0, 0, 230)), ("bicycle", 33, (119, 11, 32)),
    ];

    // All that is not evaluated is void.
    private static readonly byte?[] ClassOfLabelId =
        [.. Enumerable.Range(0, 256).Select(id => (byte?)(Array.FindIndex(Labels, label => label.LabelId == id) is >= 0 and var k ? k : ClassPalette.VoidClass))];

    public static DataSource? TryOpen(DataFolder folder)
    {
        if (DataFolder.FindFolder(folder.Path, "leftImg8bit") is not { } images || DataFolder.FindFolder(folder.Path, "gtFine") is not { } masks)
            return null;
        var notes = new List<SegmentationDataProblem>();
        var entries = DataFolder.Files(images, ".png").Select(image => MakeEntry(images, masks, image, notes)).OfType<(string, DataEntry)>().ToList();
        if (entries.Count == 0)
            throw new InvalidDataException($"'{folder.Path}' looks like Cityscapes, but '{images}' has no image NAME_leftImg8bit.png with a mask NAME{LabelIds} or NAME{TrainIds} in '{masks}'.");
        var classes = new ClassList([.. Labels.Select(label => label.Name)], ClassPalette.FromColors([.. Labels.Select(label => label.Color)], (0, 0, 0)));
        return DataSource.Of(SegmentationLayout.Cityscapes, "Cityscapes", folder.WithPalette(classes, folder.Path), entries, notes);
    }

    private static (string, DataEntry)? MakeEntry(string images, string masks, string image, List<SegmentationDataProblem> notes)
    {
        string name = DataFolder.NameOf(images, image);
        if (!name.EndsWith(ImageEnding, StringComparison.Ordinal))
            return null;
        name = name[..^ImageEnding.Length];
        string trainIds = Path.Combine(masks, name + TrainIds), labelIds = Path.Combine(masks, name + LabelIds);
        MaskSource? mask = File.Exists(trainIds) ? new StoredMask(trainIds) : File.Exists(labelIds) ? new RenumberedMask(labelIds, ClassOfLabelId) : null;
        if (mask is not null)
            return (SplitNames.Of(name), new DataEntry(name, image, mask));
        notes.Add(new SegmentationDataProblem(image, $"'{image}' has no mask '{trainIds}' or '{Path.GetFileName(labelIds)}'; it is left out.", StopsTraining: false));
        return null;
    }
}
