using Microsoft.ML.PermutedSegmentation;
using Workbench.Report;
using Workbench.Training;

namespace Workbench.Runs;

/// <summary>What a training has come to: all that its report and its model card are made of.</summary>
internal sealed record RunSummary
{
    /// <summary>The name of the model file.</summary>
    public required string ModelName { get; init; }

    public required PermutedSegmentationTransformer Model { get; init; }

    public required RunData Data { get; init; }

    /// <summary>What the weights were before the training, for people.</summary>
    public required string InitialWeights { get; init; }

    /// <summary>Null: drawn, and not repeatable.</summary>
    public required int? Seed { get; init; }

    public required IReadOnlyList<EpochResult> Epochs { get; init; }

    /// <summary>Time of the training.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>How well the model labels the test images; null when there are none.</summary>
    public SegmentationMetrics? Metrics { get; init; }

    /// <summary>The test images with the highest, middle and lowest mean IoU of their own, with what they are.</summary>
    public IReadOnlyList<(string Caption, PictureRow Pictures)> Pictures { get; init; } = [];
}

/// <summary>The images of a training.</summary>
/// <param name="Description">What the data set is, for people.</param>
/// <param name="TrainingList">The list that it learned from.</param>
/// <param name="TrainingImages">How many they are.</param>
/// <param name="ValidationList">The list that chose the epoch; null for a share of the training list.</param>
/// <param name="HeldOut">That share.</param>
/// <param name="TestList">The list that the model was tried on; null for none.</param>
/// <param name="SeenTestImages">How many of its images the training list has, too.</param>
internal sealed record RunData(string Description, string TrainingList, long TrainingImages, string? ValidationList, double HeldOut, string? TestList, int SeenTestImages)
{
    /// <summary>What chose the epoch, for people.</summary>
    public string ChosenBy => ValidationList is { } list ? $"the list '{list}'" : $"{100 * HeldOut:0.#} % of them, which it did not learn from";

    /// <summary>Why the scores of the test list are better than those of new images; empty for no reason.</summary>
    public string Caution => SeenTestImages > 0 ? $", of which {SeenTestImages:N0} are in the training list: on new images it is worse"
        : TestList is not null && TestList == ValidationList ? ", which also chose the epoch: on new images it is a little worse"
        : "";
}
