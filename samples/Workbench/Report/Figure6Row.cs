namespace Workbench.Report;

/// <summary>A test image in the paper's Fig. 6.</summary>
/// <param name="ImageName">The image's file name without its extension.</param>
/// <param name="Cells">The image, its true mask and what the models make of it, from left to right.</param>
internal sealed record Figure6Row(string ImageName, IReadOnlyList<Figure6Cell> Cells);

/// <summary>A picture of the figure.</summary>
/// <param name="Title">Whose picture it is.</param>
/// <param name="Png">The picture, a PNG file.</param>
/// <param name="MeanIntersectionOverUnion">The image's mean IoU, for a prediction.</param>
internal sealed record Figure6Cell(string Title, byte[] Png, double? MeanIntersectionOverUnion);
