namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>An image with its mask, in memory or to be read. One thread at a time reads it.</summary>
internal interface ILabeledImage
{
    /// <summary>Reads it; the pixels are there until <see cref="Release"/>.</summary>
    LabeledPixels Read();

    /// <summary>Gives back the memory that reading took.</summary>
    void Release();
}
