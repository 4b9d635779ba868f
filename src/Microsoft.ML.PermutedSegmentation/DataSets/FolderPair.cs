namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>A folder of images and the folder of their masks.</summary>
/// <param name="Images">The images' folder.</param>
/// <param name="Masks">The masks' folder.</param>
/// <param name="Split">The list that all of them are in; null when folders in these say so.</param>
internal sealed record FolderPair(string Images, string Masks, string? Split)
{
    /// <summary>What may be meant for a mask, though only the first is read.</summary>
    public static readonly string[] MaskExtensions = [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".npy"];
    private static readonly string[] ImageEndings = ["_image", "_img", "_sat", "_rgb", "-image", "-img"];
    private static readonly string[] MaskEndings =
        ["_mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_annotation", "_annotations", "_target", "_groundtruth", "_L"];

    /// <summary>Finds the mask of each image by its name.</summary>
    /// <param name="notes">Takes images without a mask, and masks without an image.</param>
    public List<(string List, DataEntry Entry)> Match(List<SegmentationDataProblem> notes)
    {
        string[] masks = DataFolder.Files(Masks, MaskExtensions);
        var exact = masks.ToLookup(mask => Key(Masks, mask), StringComparer.OrdinalIgnoreCase);
        var stripped = masks.ToLookup(mask => Strip(Key(Masks, mask), MaskEndings), StringComparer.OrdinalIgnoreCase);
        var used = new Dictionary<string, string>();
        var entries = new List<(string, DataEntry)>();
        foreach (string image in DataFolder.Files(Images, DataFolder.ImageExtensions))
        {
            string key = Key(Images, image), name = DataFolder.NameOf(Images, image);
            string[] found = [.. FirstOf(exact[key], stripped[key], stripped[Strip(key, ImageEndings)])];
            if (found.Length == 0)
                notes.Add(new SegmentationDataProblem(image, $"'{image}' has no mask in '{Masks}'; it is left out.", StopsTraining: false));
            else
                entries.Add((Split ?? SplitNames.Of(name), MakeEntry(name, image, found, used)));
        }
        foreach (string mask in masks.Where(mask => !used.ContainsKey(mask)))
            notes.Add(new SegmentationDataProblem(mask, $"The mask '{mask}' has no image in '{Images}'.", StopsTraining: false));
        return entries;
    }

    private DataEntry MakeEntry(string name, string image, string[] found, Dictionary<string, string> used)
    {
        string mask = found[0];
        string? problem = null;
        if (found.Length > 1)
            problem = $"'{image}' has several masks: '{string.Join("' and '", found)}'. Leave one of them.";
        else if (used.TryGetValue(mask, out string? other))
            problem = $"The mask '{mask}' belongs to '{image}' as well as to '{other}'. Rename one of the images.";
        else if (!Path.GetExtension(mask).Equals(".png", StringComparison.OrdinalIgnoreCase))
            problem = $"The mask '{mask}' is not a PNG. Masks are read from PNG files alone: others, such as JPEG, may change the classes of pixels.";
        foreach (string one in found)
            used.TryAdd(one, image);
        return new DataEntry(Split is null ? name : $"{Split}/{name}", image, new StoredMask(mask), problem is null ? null : new InvalidDataException(problem));
    }

    private static string Key(string folder, string file) => FolderIndex.Compose(DataFolder.NameOf(folder, file));

    private static IEnumerable<string> FirstOf(params IEnumerable<string>[] groups) => groups.FirstOrDefault(group => group.Any()) ?? [];

    private static string Strip(string key, string[] endings)
    {
        string? ending = endings.Select(one => one.Replace('_', '-')).Concat(endings).FirstOrDefault(one => key.EndsWith(one, StringComparison.OrdinalIgnoreCase) && key.Length > one.Length);
        return ending is null ? key : key[..^ending.Length];
    }
}
