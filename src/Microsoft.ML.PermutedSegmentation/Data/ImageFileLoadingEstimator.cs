using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Loads pictures from the JPEG and PNG files that a Text column names, as <see cref="ImageFile"/> reads them: upright, with the colors
/// that transparent pixels have, and never in part. It learns nothing from the data.
/// </summary>
public sealed class ImageFileLoadingEstimator : IEstimator<ImageFileLoadingTransformer>
{
    private readonly ImageFileLoadingTransformer _transformer;

    internal ImageFileLoadingEstimator(ImageFileLoadingTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the input column and returns the transformer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or not Text.</exception>
    public ImageFileLoadingTransformer Fit(IDataView input)
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
        columns[_transformer.OutputColumnName] = SchemaColumn.Scalar(_transformer.OutputColumnName, new ImageDataViewType());
        return new SchemaShape(columns.Values);
    }
}
