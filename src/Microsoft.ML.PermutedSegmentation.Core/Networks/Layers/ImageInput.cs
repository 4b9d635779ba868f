namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The images, red, green and blue, normalised as torchvision's networks expect them.</summary>
public sealed class ImageInput : Layer
{
    internal ImageInput() : base([], channels: 3, stride: 1)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Layer> Carried => [];
}
