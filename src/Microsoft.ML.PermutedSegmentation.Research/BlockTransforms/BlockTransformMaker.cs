using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>Makes of what a model's file says of encrypted images what encrypts them. Its name is known to the product.</summary>
internal sealed class BlockTransformMaker : PixelTransformMaker, ImageEncryptionLoader.ILoader
{
    /// <inheritdoc/>
    public override string? FindProblem(PixelTransformEntry entry, int height, int width)
    {
        try
        {
            return BlockScheme.Of(entry).FindProblem(height, width) is { } problem ? $"images are {problem}" : null;
        }
        catch (InvalidDataException exception)
        {
            return exception.Message;
        }
    }

    /// <inheritdoc/>
    public override PixelTransform Make(PixelTransformEntry entry, PermutationKey key, ReadOnlySpan<byte> salt) => BlockScheme.Of(entry).Derive(key, salt);

    ITransformer ImageEncryptionLoader.ILoader.Load(IHostEnvironment environment, ModelLoadContext context)
        => BlockwiseEncryptingTransformer.Load(environment, context);
}
