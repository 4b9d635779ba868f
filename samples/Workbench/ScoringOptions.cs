using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>The options that say how a model scores images, other than its file does.</summary>
internal sealed class ScoringOptions
{
    private readonly Option<ScoringMode?> _mode = new("--scoring")
    {
        HelpName = "resize|slidingwindow",
        Description = "Whether images are resized to the model's size, or scored at their own by overlapping windows. [default: as the model's file says]",
    };

    private readonly Option<bool> _flip = new("--flip") { Description = "Also scores each image mirrored, and takes the mean of the probabilities." };

    private readonly Option<double[]?> _scales = new("--scales")
    {
        HelpName = "X,X,...",
        Description = "Scores each image at these scales, such as 0.75,1,1.25, and takes the mean of the probabilities.",
        CustomParser = ParseScales,
    };

    /// <summary>Adds the options to a command.</summary>
    public ScoringOptions AddTo(Command command)
    {
        _mode.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, _mode.HelpName!.Split('|'));
        foreach (var option in (Option[])[_mode, _flip, _scales])
            command.Add(option);
        return this;
    }

    /// <summary>The same model, scoring as the options say; without any of them, the model itself.</summary>
    public ITransformer Apply(ParseResult result, MLContext mlContext, ITransformer model)
    {
        // Without the option the scales are an empty array.
        var (mode, flip, scales) = (result.GetValue(_mode), result.GetValue(_flip), result.GetValue(_scales) is { Length: > 0 } given ? given : null);
        if (mode is null && !flip && scales is null)
            return model;
        var network = mlContext.Segmentation().GetSegmenter(model);
        var augmentation = flip || scales is not null ? new TestTimeAugmentation(flip, scales) : network.TestTimeAugmentation;
        return mlContext.Segmentation().WithScoring(model, mode ?? network.ScoringMode, augmentation);
    }

    private static double[]? ParseScales(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        try
        {
            return [.. new TestTimeAugmentation(scales: text.Split(',').Select(scale => double.Parse(scale, CultureInfo.InvariantCulture))).Scales];
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            result.AddError($"'{text}' are not scales; give 1 to {TestTimeAugmentation.MostScales} different numbers from {TestTimeAugmentation.SmallestScale} to {TestTimeAugmentation.LargestScale}, such as 0.75,1,1.25.");
            return null;
        }
    }
}
