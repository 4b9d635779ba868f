namespace Workbench.Report;

/// <summary>A test image in a figure such as the paper's Fig. 6.</summary>
/// <param name="ImageName">The image's file name without its extension.</param>
/// <param name="Cells">The image, its true mask and what the models make of it, from left to right.</param>
internal sealed record PictureRow(string ImageName, IReadOnlyList<PictureCell> Cells);

/// <summary>A picture of the figure.</summary>
/// <param name="Title">Whose picture it is.</param>
/// <param name="Png">The picture, a PNG file.</param>
/// <param name="MeanIntersectionOverUnion">The image's mean IoU, for a prediction.</param>
internal sealed record PictureCell(string Title, byte[] Png, double? MeanIntersectionOverUnion);
