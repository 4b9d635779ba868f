namespace Workbench.Tables;

/// <summary>What can be had without looking at an image.</summary>
/// <param name="BestConstantClass">Giving every pixel the same class, the one with the best mean IoU.</param>
/// <param name="MostFrequentClassPerPixel">Giving each pixel the class that it has most often in the training masks.</param>
internal sealed record Floors(Scores BestConstantClass, Scores MostFrequentClassPerPixel);
