using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>A decoded image with its mask.</summary>
/// <param name="Rgb">Packed pixels, height x width x 3.</param>
/// <param name="Mask">Key values, height x width: 0 is void, class k is k + 1.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
internal sealed record LabeledImage(byte[] Rgb, byte[] Mask, int Height, int Width) : ILabeledImage
{
    /// <summary>Size in memory, in bytes.</summary>
    public long SizeInBytes => Rgb.LongLength + Mask.LongLength;

    /// <summary>Adds size, pixels and mask to a digest.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(MemoryMarshal.AsBytes((ReadOnlySpan<int>)[Height, Width]));
        hash.AppendData(Rgb);
        hash.AppendData(Mask);
    }

    /// <summary>The pixels.</summary>
    public LabeledPixels Pixels => new(new PixelSpan(Rgb, Height, Width), Mask);

    /// <inheritdoc/>
    public LabeledPixels Read(int worker) => Pixels;

    /// <inheritdoc/>
    public LabeledImage Keep(int worker) => this;

    /// <summary>Nothing: it stays in memory.</summary>
    public void Release(int worker)
    {
    }
}
