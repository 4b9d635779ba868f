using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation.Models;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(ITransformer), typeof(ImageEncryptionLoader), null, typeof(SignatureLoadModel),
    "Block-wise image encryption", ImageEncryptionLoader.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// Loads the transformer that encrypts images in a chain. It is of another package, but files name this assembly as the one that has
/// its loader: those of older versions, and new ones, so that a missing package is told by its name.
/// </summary>
internal static class ImageEncryptionLoader
{
    public const string LoaderSignature = "BlockwiseEncryption";

    /// <summary>What the other package has for it.</summary>
    internal interface ILoader
    {
        ITransformer Load(IHostEnvironment environment, ModelLoadContext context);
    }

    // Found by ML.NET through LoadableClass.
    private static ITransformer Create(IHostEnvironment environment, ModelLoadContext context)
        => ((ILoader)PixelTransformMaker.Find()).Load(environment, context);
}
