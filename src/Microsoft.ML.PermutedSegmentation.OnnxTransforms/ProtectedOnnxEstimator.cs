using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Segments images with an ONNX file. It learns nothing from the data.</summary>
/// <remarks>
/// The key's work is done when the estimator is made: each <see cref="Fit"/> gives the same transformer. Once that is disposed, which a
/// <c>PredictionEngine</c> does without being asked, an estimator has to be made anew.
/// </remarks>
public sealed class ProtectedOnnxEstimator : IEstimator<ProtectedOnnxTransformer>
{
    private readonly ProtectedOnnxTransformer _transformer;

    internal ProtectedOnnxEstimator(ProtectedOnnxTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the image column and returns the transformer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public ProtectedOnnxTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _transformer.GetOutputSchema(input.Schema);
        return _transformer;
    }

    /// <summary>The schema after segmentation, for pipelines that are not fitted yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ModelColumns names = _transformer.Columns;
        SchemaColumn.RequireImage(inputSchema, names.Image, nameof(inputSchema));
        MaskOutput output = _transformer.Output;
        var columns = inputSchema.ToDictionary(column => column.Name);
        columns[names.PredictedLabel] = SchemaColumn.ClassVector(names.PredictedLabel, NumberDataViewType.Byte, output.HasImageSize);
        if (output.HasProbabilities)
            columns[names.Score] = SchemaColumn.Vector(names.Score, NumberDataViewType.Single, output.HasImageSize);
        if (output.HasImageSize)
            columns[names.PredictedLabel + ColumnNames.SizeSuffix] = SchemaColumn.Vector(names.PredictedLabel + ColumnNames.SizeSuffix, NumberDataViewType.Int32);
        return new SchemaShape(columns.Values);
    }
}
