namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>How images are normalised before a network reads them: (value - mean) / deviation, as torchvision's networks expect it.</summary>
public static class ImageNormalization
{
    /// <summary>The means of red, green and blue, as values from 0 to 255.</summary>
    public static ReadOnlySpan<float> Mean => [0.485f * 255, 0.456f * 255, 0.406f * 255];

    /// <summary>The deviations of red, green and blue.</summary>
    public static ReadOnlySpan<float> Deviation => [0.229f * 255, 0.224f * 255, 0.225f * 255];
}
