namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>What the masks of a model are like.</summary>
/// <param name="ClassNames">The classes, in the order of the labels.</param>
/// <param name="Height">Height of the masks, unless they have the size of their image.</param>
/// <param name="Width">Width of the masks.</param>
/// <param name="HasImageSize">Whether they have the size of their image.</param>
/// <param name="HasProbabilities">Whether there are probabilities of classes besides labels.</param>
internal sealed record MaskOutput(IReadOnlyList<string> ClassNames, int Height, int Width, bool HasImageSize, bool HasProbabilities = true)
{
    public static MaskOutput Of(ModelDescription model) =>
        new(model.ClassNames, model.ImageHeight, model.ImageWidth, HasImageSize: model.ScoringMode == ScoringMode.SlidingWindow);

    /// <summary>Whether all is the same.</summary>
    public bool IsSameAs(MaskOutput other) => this with { ClassNames = other.ClassNames } == other && ClassNames.SequenceEqual(other.ClassNames);
}
