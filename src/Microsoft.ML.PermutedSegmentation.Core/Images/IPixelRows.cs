using System.Runtime.Intrinsics;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>An image that is resized row by row.</summary>
internal interface IPixelRows
{
    /// <summary>Height in pixels.</summary>
    int Height { get; }

    /// <summary>Width in pixels.</summary>
    int Width { get; }

    /// <summary>Whether blue comes first, and red last.</summary>
    bool IsBgr { get; }

    /// <summary>Mixes the neighbours in a row.</summary>
    /// <param name="y">The row.</param>
    /// <param name="taps">Which pixels, of a row as wide as this image, are mixed.</param>
    /// <param name="left">The first of the results that is wanted.</param>
    /// <param name="result">Filled with colors in the order in which they lie in memory; what the fourth value is does not matter.</param>
    void MixRow(int y, FilterTaps taps, int left, Span<Vector128<float>> result);
}
