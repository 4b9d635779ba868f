namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>An image with its mask, in memory or to be read.</summary>
internal interface ILabeledImage
{
    /// <summary>Reads it, if it has not been read since <see cref="Release"/>; until then the pixels are there.</summary>
    /// <param name="worker">Which of the threads reads it.</param>
    LabeledPixels Read(int worker);

    /// <summary>Reads it into memory of its own, where any thread may look at it.</summary>
    /// <param name="worker">Which of the threads reads it.</param>
    LabeledImage Keep(int worker);

    /// <summary>Gives back the memory that reading took.</summary>
    /// <param name="worker">Which of the threads has read it.</param>
    void Release(int worker);
}
