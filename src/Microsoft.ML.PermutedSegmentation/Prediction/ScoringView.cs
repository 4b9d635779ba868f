using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>
/// The rows of a data view with predictions, made a batch at a time. One cursor over the source runs ahead, and other threads
/// make the next images ready while the network runs. Neither predictions nor images cost anything unless their
/// columns are asked for.
/// </summary>
/// <remarks>
/// <para>There is one cursor over the source and no second one: a query, a queue or a reader that gives its rows once gives each row its own
/// prediction.</para>
/// <para>The network itself does not run ahead: who stops at the first row does not pay for the second batch.</para>
/// </remarks>
internal sealed class ScoringView(IDataView source, SegmentationModel model, ScoringSchema schema, torch.Device device) : IDataView
{
    /// <inheritdoc/>
    public DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public long? GetRowCount() => source.GetRowCount();

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] wanted = [.. columnsNeeded];
        if (wanted.Any(schema.IsPrediction))
            return new ScoringCursor(source, schema, wanted, model, device);
        DataViewRowCursor rows = source.GetLazyCursor(schema.InputsFor(wanted));
        return new RowByRowCursor(rows, new ScoringRowMapper(schema, () => new ImageScorer(model, device)).GetRow(rows, wanted));
    }

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];
}
