namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>An image of a data set and its mask.</summary>
/// <param name="Name">Its name in lists, folders with <c>/</c>, without extension.</param>
/// <param name="ImagePath">The image file; empty when there is none.</param>
/// <param name="Mask">Its mask; null when masks are not wanted, or there is none.</param>
/// <param name="Problem">Why it cannot be used, if that is known before anything is read.</param>
internal sealed record DataEntry(string Name, string ImagePath, MaskSource? Mask, Exception? Problem = null);
