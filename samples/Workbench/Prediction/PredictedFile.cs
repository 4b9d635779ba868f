namespace Workbench.Prediction;

/// <summary>An image file and what is written for it.</summary>
internal sealed record PredictedFile(string ImagePath, string MaskPath, string OverlayPath)
{
    /// <summary>Whether all is there that is written for it.</summary>
    public bool IsDone => File.Exists(MaskPath) && File.Exists(OverlayPath);

    /// <summary>
    /// Names the masks: NAME.png for NAME.jpg; where several images have the same NAME, NAME.jpg.png, NAME.png.png and so on.
    /// Where NAME is the whole name of another image, whose mask may be called so, it is the whole name, too: no two masks have one name.
    /// </summary>
    public static IReadOnlyList<PredictedFile> In(string folder, IReadOnlyList<string> images)
    {
        var counts = images.CountBy(image => Path.GetFileNameWithoutExtension(image), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(name => name.Key, name => name.Value, StringComparer.OrdinalIgnoreCase);
        var wholeNames = images.Select(image => Path.GetFileName(image)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. images.Select(image =>
        {
            var stem = Path.GetFileNameWithoutExtension(image);
            var name = (counts[stem] == 1 && !wholeNames.Contains(stem) ? stem : Path.GetFileName(image)) + ".png";
            return new PredictedFile(image, Path.Combine(folder, name), Path.Combine(folder, "overlays", name));
        })];
    }
}
