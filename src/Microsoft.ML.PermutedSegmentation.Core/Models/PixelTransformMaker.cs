namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Makes a <see cref="PixelTransform"/> of what a model's description says of it. There is one, in another package.</summary>
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

    /// <summary>Says what is wrong with an entry of a model with images of this size; null when nothing is.</summary>
    public abstract string? FindProblem(PixelTransformEntry entry, int height, int width);

    /// <summary>The transform under a key, right or wrong.</summary>
    public abstract PixelTransform Make(PixelTransformEntry entry, PermutationKey key, ReadOnlySpan<byte> salt);
}
