namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>A row that waits at a place, to be read.</summary>
/// <param name="Places">Where it waits.</param>
/// <param name="Place">At which place.</param>
/// <param name="Row">Which row of the data it is.</param>
/// <param name="ExpectedSize">The size that its image had before; null: it has not been read before.</param>
internal sealed record RowPlace(RowPlaces Places, int Place, int Row, (int Height, int Width)? ExpectedSize = null) : ILabeledImage
{
    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">There is no image, or the mask or what it was before has another size.</exception>
    public LabeledPixels Read(int worker) => Places.ReaderOf(worker).Read(this);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">There is no image, or the mask has another size.</exception>
    public LabeledImage Keep(int worker) => Places.ReaderOf(worker).Keep(this);

    /// <inheritdoc/>
    public void Release(int worker) => Places.ReaderOf(worker).Release(this);
}
