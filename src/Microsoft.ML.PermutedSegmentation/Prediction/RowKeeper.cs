using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Reads what is wanted of rows on one thread.</summary>
/// <param name="row">The thread's row, which moves from place to place.</param>
/// <param name="images">Where images are.</param>
/// <param name="columns">The columns to carry along, whose values are kept by place.</param>
/// <param name="ids">The rows' identifiers by place.</param>
/// <param name="ownsImages">Whether nobody else gets the images.</param>
internal sealed class RowKeeper(DataViewRow row, ImageColumn images, CarriedColumn[] columns, DataViewRowId[] ids, bool ownsImages) : IDisposable
{
    private readonly ImageColumn.Reader _images = images.CreateReader(row);
    private readonly ValueGetter<DataViewRowId> _getId = row.GetIdGetter();

    /// <summary>Reads all of the row at a place, and puts its image into a batch. A row counts once all of it has been read.</summary>
    public void Read(int place, ImageBatch batch, int index)
    {
        foreach (CarriedColumn column in columns)
            column.Keep(place);
        _getId(ref ids[place]);
        batch.Write(index, _images.Read());
        if (batch.Whole is null)
            ReleaseImage();
    }

    /// <summary>Frees the image, which may be large.</summary>
    public void ReleaseImage()
    {
        if (ownsImages)
            _images.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => ReleaseImage();
}
