using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>Makes of what a model's file says of encrypted images what encrypts them. Its name is known to the product.</summary>
internal sealed class BlockTransformMaker : PixelTransformMaker, ImageEncryptionLoader.ILoader
{
    /// <inheritdoc/>
    public override void Check(ModelDescription model) => BlockScheme.Of(model);

    /// <inheritdoc/>
    public override PixelTransform Make(ModelDescription model, PermutationKey key) => BlockScheme.Of(model)!.Derive(key, model.Salt);

    ITransformer ImageEncryptionLoader.ILoader.Load(IHostEnvironment environment, TransformerReader reader)
        => BlockwiseEncryptingTransformer.Load(environment, reader);
}
