namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Makes a <see cref="PixelTransform"/> of the <see cref="ImageStep"/> of a model. There is one maker, in another package.</summary>
internal abstract class PixelTransformMaker
{
    private const string Package = "Microsoft.ML.PermutedSegmentation.Research";

    // A constant, which a trimmer reads: it keeps this type when the package is there.
    private const string TypeName = "Microsoft.ML.PermutedSegmentation.BlockTransforms.BlockTransformMaker, Microsoft.ML.PermutedSegmentation.Research";

    /// <summary>The maker.</summary>
    /// <exception cref="InvalidOperationException">The application does not have its package.</exception>
    public static PixelTransformMaker Find() => Type.GetType(TypeName) is { } type
        ? (PixelTransformMaker)Activator.CreateInstance(type)!
        : throw new InvalidOperationException($"This model's key encrypts images, which only the package {Package} can do; the application has to reference it.");

    /// <summary>Checks the step of a model that comes from a file.</summary>
    /// <exception cref="InvalidDataException">It is not known, or cannot be.</exception>
    public abstract void Check(ModelDescription model);

    /// <summary>The transform of a model under a key, right or wrong.</summary>
    public abstract PixelTransform Make(ModelDescription model, PermutationKey key);
}
