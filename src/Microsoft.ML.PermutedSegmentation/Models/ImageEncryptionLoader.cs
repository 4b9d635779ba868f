using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation.Models;
using Microsoft.ML.Runtime;

[assembly: SavedTransformer<ITransformer, ImageEncryptionLoader>(ImageEncryptionLoader.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// Loads the transformer that encrypts images in a chain. It is of another package, but files name this assembly as the one that has
/// its loader: those of older versions, and new ones, so that a missing package is told by its name.
/// </summary>
internal sealed class ImageEncryptionLoader : ISavedTransformer<ITransformer>
{
    public const string LoaderSignature = "BlockwiseEncryption";

    /// <summary>What the other package has for it.</summary>
    internal interface ILoader
    {
        ITransformer Load(IHostEnvironment environment, TransformerReader reader);
    }

    /// <inheritdoc/>
    public static SavedFormat Format { get; } = new("SEGBLOCK", LoaderSignature, typeof(ImageEncryptionLoader).Assembly.FullName!);

    /// <inheritdoc/>
    public static ITransformer Load(IHostEnvironment environment, TransformerReader reader) => ((ILoader)PixelTransformMaker.Find()).Load(environment, reader);
}
