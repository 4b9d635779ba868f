namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a data set holds, from <see cref="SegmentationData.Check"/>.</summary>
/// <param name="Lists">The lists, each with the number of its images.</param>
/// <param name="ImageSizes">The sizes of the images, each with how many have it, the most frequent first.</param>
/// <param name="Classes">The classes in their order, over all images that could be read.</param>
/// <param name="VoidPixels">Pixels of no class.</param>
/// <param name="Problems">Everything that is wrong, in the order of the images.</param>
public sealed record SegmentationDataReport(
    IReadOnlyList<(string Name, int Images)> Lists,
    IReadOnlyList<(int Height, int Width, int Images)> ImageSizes,
    IReadOnlyList<(string Name, long Pixels, int Images)> Classes,
    long VoidPixels,
    IReadOnlyList<SegmentationDataProblem> Problems)
{
    /// <summary>Pixels of all masks, void included.</summary>
    public long Pixels => VoidPixels + Classes.Sum(one => one.Pixels);

    /// <summary>Whether a problem would stop a training.</summary>
    public bool StopsTraining => Problems.Any(problem => problem.StopsTraining);
}
