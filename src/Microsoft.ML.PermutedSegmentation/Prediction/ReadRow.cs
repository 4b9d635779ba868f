using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>What is wanted of a row that was read ahead.</summary>
internal sealed class ReadRow : IDisposable
{
    private readonly ImageColumn.Reader _images;
    private readonly CarriedColumn[] _columns;
    private readonly ValueGetter<DataViewRowId> _getId;
    private DataViewRowId _id;

    /// <param name="row">The row, which moves on.</param>
    /// <param name="schema">Where its image is.</param>
    /// <param name="carried">The columns to carry along.</param>
    public ReadRow(DataViewRow row, ScoringSchema schema, DataViewSchema.Column[] carried)
    {
        _images = schema.Image.CreateReader(row);
        _columns = [.. carried.Select(column => CarriedColumn.Create(row, column, capacity: 1))];
        _getId = row.GetIdGetter();
    }

    /// <summary>The row's identifier.</summary>
    public DataViewRowId Id => _id;

    /// <summary>Reads all of the row, and puts its image at a place.</summary>
    public void Read(ImageBatch images, int place)
    {
        foreach (CarriedColumn column in _columns)
            column.Keep(0);
        _getId(ref _id);
        images.Write(place, _images.Read());
        if (images.Whole is null)
            ReleaseImage();
    }

    /// <summary>Gives the value of a column that is carried along.</summary>
    public void Get<TValue>(int column, ref TValue value) => _columns[column].Get(0, ref value);

    /// <summary>Frees the image, which may be large.</summary>
    public void ReleaseImage() => _images.Release();

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();
}
