using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Encrypts images block by block with a key: the conventional method that the paper compares with (Sec. III-D). It
/// learns nothing from the data.
/// </summary>
/// <remarks>
/// The key's work is done when the estimator is made: each <see cref="Fit"/> gives the same transformer. Images must have
/// their final size before: resizing, cropping or mirroring afterwards mixes blocks. To train a network on encrypted images
/// use <c>Trainers.BlockwiseEncrypted</c>, which encrypts behind augmentation; this estimator is for images that leave a
/// machine encrypted.
/// </remarks>
public sealed class BlockwiseEncryptingEstimator : IEstimator<BlockwiseEncryptingTransformer>
{
    private readonly BlockwiseEncryptingTransformer _transformer;

    internal BlockwiseEncryptingEstimator(BlockwiseEncryptingTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the image column and returns the transformer, unlocked.</summary>
    /// <exception cref="ArgumentException">The image column is missing or of another type, or the block size does not divide its size.</exception>
    public BlockwiseEncryptingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _transformer.GetOutputSchema(input.Schema);
        return _transformer;
    }

    /// <summary>The schema after encryption, for pipelines that are not fitted yet.</summary>
    /// <exception cref="ArgumentException">The image column is missing or of another type, or the block size does not divide its size.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ImageDataViewType type = SchemaColumn.RequireImage(inputSchema, _transformer.InputColumnName, nameof(inputSchema));
        _transformer.CheckSize(type);
        var output = SchemaColumn.Scalar(_transformer.OutputColumnName, type);
        return new SchemaShape(inputSchema.Where(column => column.Name != output.Name).Append(output));
    }
}
