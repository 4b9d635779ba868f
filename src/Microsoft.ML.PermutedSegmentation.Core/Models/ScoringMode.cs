namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a model scores images of other sizes than its own.</summary>
public enum ScoringMode
{
    /// <summary>The whole image is resized to the model's size. Masks have the model's size.</summary>
    Resize = 0,

    /// <summary>
    /// The image is scored at its own size, by windows of the model's size that overlap by a quarter or more; their scores are blended.
    /// Masks have the image's size. For networks that were trained on crops of images at full resolution.
    /// </summary>
    SlidingWindow = 1,
}
