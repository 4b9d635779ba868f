using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Loads segmentation masks from the files that a Text column names. It learns nothing from the data.
/// </summary>
/// <remarks>
/// It makes two columns. The output column is a vector of variable length with one key value a pixel, row by row:
/// class k of the mask is key value k + 1, void is ML.NET's missing key, and the KeyValues annotation has the class names.
/// A second column, named like it with <c>Size</c> added, has the (height, width) of the row's mask, since masks may have
/// any size and a vector's own shape cannot change from row to row. The size alone is read from the file's header.
/// </remarks>
public sealed class MaskLoadingEstimator : IEstimator<MaskLoadingTransformer>
{
    private readonly MaskLoadingTransformer _transformer;

    internal MaskLoadingEstimator(MaskLoadingTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the input column and returns the transformer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or not Text.</exception>
    public MaskLoadingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _transformer.Input.Require(input.Schema, nameof(input));
        return _transformer;
    }

    /// <summary>The schema after loading, for pipelines that are not fitted yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or not Text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _transformer.Input.Require(inputSchema, nameof(inputSchema));
        var columns = inputSchema.ToDictionary(column => column.Name);
        columns[_transformer.OutputColumnName] = SchemaColumn.ClassVector(_transformer.OutputColumnName, NumberDataViewType.Byte, isVariable: true);
        columns[_transformer.SizeColumnName] = SchemaColumn.Vector(_transformer.SizeColumnName, NumberDataViewType.Int32);
        return new SchemaShape(columns.Values);
    }
}
