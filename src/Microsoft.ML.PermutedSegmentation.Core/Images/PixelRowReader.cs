namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>Copies pixels of one row of an image, wherever they are kept.</summary>
/// <param name="y">The row.</param>
/// <param name="left">The first column.</param>
/// <param name="rgb">Filled with red, green and blue of each pixel from there on.</param>
public delegate void PixelRowReader(int y, int left, Span<byte> rgb);
