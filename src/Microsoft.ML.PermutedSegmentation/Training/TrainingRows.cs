namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>The data of a training, as far as it tells whether other data is the same.</summary>
internal sealed record TrainingRows
{
    public required IReadOnlyList<string> ClassNames { get; init; }
    public required int LearnedRows { get; init; }
    public required int ValidationRows { get; init; }

    /// <summary>A digest of every decoded image and mask, in the order of the rows.</summary>
    public required string ImagesAndMasks { get; init; }
}
