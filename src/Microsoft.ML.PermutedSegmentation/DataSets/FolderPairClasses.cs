namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The classes of masks that come without an explanation: of a file of classes, or of what the masks have in them.</summary>
internal static class FolderPairClasses
{
    private static readonly ClassList TwoClasses = new(["background", "object"], ClassPalette.Binary);

    /// <summary>Finds the classes; masks are read if no file tells them, or if they may be black and white.</summary>
    public static ClassList Find(DataFolder folder, IEnumerable<string> masks)
    {
        var file = folder.ReadClasses();
        if (file is { } given && (given.Classes.Names.Count != 2 || given.Classes.Palette != ClassPalette.Voc))
            return given.Classes;
        if (file is null && folder.Palette == ClassPalette.Binary)
            return TwoClasses;
        var found = new MaskContents();
        int workers = InputWorkers.Alone;
        foreach (MaskContents mask in OrderedWorkers.Run(masks, workers, 4 * workers, (path, _) => MaskContents.Of(path)))
            found.Add(mask);
        if (file is { } two)
            return found.IsBlackAndWhite && found.HasWhite ? two.Classes with { Palette = ClassPalette.Binary } : two.Classes;
        return found.IsBlackAndWhite ? TwoClasses : folder.WithPalette(OfValues(found, folder.Path), folder.Path);
    }

    private static ClassList OfValues(MaskContents found, string path)
    {
        const string Advice = "Put a file classes.txt with one name per line, in the order of the values, into the folder";
        if (found.Colored is { } colored)
            throw new InvalidDataException($"The mask '{colored}' is in colors, and there is no file in '{path}' that says which class has which. Write one called labelmap.txt with lines such as road:128,64,128::");
        int[] values = [.. found.Values];
        if (values.Length == 0)
            throw new InvalidDataException($"No mask of '{path}' has a class in it. {Advice}.");
        if (values[0] > 1 || values[^1] - values[0] >= values.Length || values.Length < 2)
            throw new InvalidDataException($"The masks of '{path}' have the values {string.Join(", ", values.Take(20))}{(values.Length > 20 ? ", ..." : "")}, and it is not clear which classes these are. {Advice}.");
        return new ClassList([.. Enumerable.Range(0, values[^1] + 1).Select(value => $"class {value}")], ClassPalette.Voc);
    }
}
