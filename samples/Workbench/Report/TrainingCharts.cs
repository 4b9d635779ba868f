using OxyPlot;
using OxyPlot.Series;
using Workbench.Training;

namespace Workbench.Report;

/// <summary>How a training went: its losses, and the mean IoU of its validation images.</summary>
internal static class TrainingCharts
{
    private static readonly OxySize Size = new(230, 150);

    // Vermilion and blue of Okabe and Ito (2008), and told apart by their dashes too.
    private static readonly LineLook TrainingLook = new("#d55e00", 1.75, 3, 2), ValidationLook = new("#0072b2", 1.75);

    /// <summary>What the lines mean.</summary>
    public static Html Legend { get; } = Html.Of($"""
        <ul class="legend">
        {TrainingLook.Legend("training loss")}
        {ValidationLook.Legend("validation loss; mean IoU on the validation images, over the data set")}
        </ul>
        """);

    /// <summary>The epoch whose weights became the model; null when none did.</summary>
    public static int? KeptOf(IReadOnlyList<EpochResult> epochs) => epochs.LastOrDefault(epoch => epoch.IsBest)?.Epoch;

    /// <summary>Where the axes end that are common to trainings with these epochs.</summary>
    public static (int Epoch, double Loss, double Ratio) LargestOf(IReadOnlyList<EpochResult> epochs) => (
        epochs.Max(epoch => epoch.Epoch),
        Chart.Largest(epochs.SelectMany(epoch => new[] { epoch.TrainingLoss, epoch.ValidationLoss })),
        Chart.Largest(epochs.Select(epoch => epoch.ValidationMeanIntersectionOverUnion)));

    /// <summary>Two charts of a training.</summary>
    /// <param name="name">The model's.</param>
    /// <param name="epochs">At least one.</param>
    /// <param name="lastEpoch">Where the axis of epochs ends.</param>
    /// <param name="largestLoss">Where that of losses ends.</param>
    /// <param name="largestRatio">Where that of IoU ends.</param>
    public static Html Draw(string name, IReadOnlyList<EpochResult> epochs, int lastEpoch, double largestLoss, double largestRatio)
    {
        var (first, last, kept) = (epochs[0], epochs[^1], KeptOf(epochs));
        IEnumerable<LineSeries> Curve(LineLook look, Func<EpochResult, double> value) =>
            look.Curve(epochs.Select(epoch => new DataPoint(epoch.Epoch, value(epoch))), kept);
        return Html.Of($"""
            {Chart.Draw($"Losses of {name}",
                $"Training loss from {first.TrainingLoss:0.000} to {last.TrainingLoss:0.000}, validation loss from {first.ValidationLoss:0.000} to {last.ValidationLoss:0.000}.",
                Size, [Chart.Plot(Chart.FromZero("epoch", lastEpoch, leastStep: 1), Chart.FromZero("loss", largestLoss),
                    [.. Curve(TrainingLook, epoch => epoch.TrainingLoss), .. Curve(ValidationLook, epoch => epoch.ValidationLoss)])])}
            {Chart.Draw($"Validation IoU of {name}",
                $"From {first.ValidationMeanIntersectionOverUnion:0.000} to {last.ValidationMeanIntersectionOverUnion:0.000}.",
                Size, [Chart.Plot(Chart.FromZero("epoch", lastEpoch, leastStep: 1), Chart.FromZero("mean IoU", largestRatio),
                    Curve(ValidationLook, epoch => epoch.ValidationMeanIntersectionOverUnion))])}
            """);
    }
}
