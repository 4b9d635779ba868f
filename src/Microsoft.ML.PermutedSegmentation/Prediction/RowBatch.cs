using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Rows that were read ahead: their images, ready for the network, and what else is wanted of them.</summary>
/// <param name="Images">The images.</param>
/// <param name="Columns">The columns that are carried along.</param>
/// <param name="Ids">The rows' identifiers.</param>
internal sealed record RowBatch(ImageBatch Images, CarriedColumn[] Columns, DataViewRowId[] Ids) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Images.Dispose();
}
