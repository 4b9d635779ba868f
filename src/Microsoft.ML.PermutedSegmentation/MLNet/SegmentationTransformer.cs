using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// A transformer of this library with a way of its own to go through rows, and one row at a time as well, as <c>PredictionEngine</c> does. It is
/// public because those that derive from it are; only packages of this library can.
/// </summary>
public abstract class SegmentationTransformer : ITransformer
{
    private readonly SavedFormat _format;

    private protected SegmentationTransformer(SavedFormat format) => _format = format;

    bool ITransformer.IsRowToRowMapper => true;

    /// <inheritdoc/>
    public abstract DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

    /// <inheritdoc/>
    public abstract IDataView Transform(IDataView input);

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => MakeRowMapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        _format.Write(ctx);
        Save(new TransformerWriter(ctx));
    }

    private protected abstract IRowToRowMapper MakeRowMapper(DataViewSchema inputSchema);

    private protected abstract void Save(TransformerWriter writer);
}
