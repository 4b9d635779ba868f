namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>An image with its mask, in memory or to be read. One thread at a time reads it.</summary>
internal interface ILabeledImage
{
    /// <summary>Reads it, if it has not been read since <see cref="Release"/>; until then the pixels are there.</summary>
    LabeledPixels Read();

    /// <summary>Gives back the memory that reading took.</summary>
    void Release();
}
