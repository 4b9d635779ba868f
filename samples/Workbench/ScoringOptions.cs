using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;

namespace Workbench;

/// <summary>The options that say how a model scores images, other than its file does, and with which of the machine's resources.</summary>
internal sealed class ScoringOptions
{
    private const int CalibrationImages = 32;

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

    private readonly Option<ScoringPrecision> _precision = new("--precision")
    {
        HelpName = "single|bfloat16|auto",
        Description = $"Computes with 32 or 16 bits. auto takes 16 if they are faster here and the labels of the first {CalibrationImages} images stay the same.",
        DefaultValueFactory = _ => ScoringPrecision.Single,
    };

    private readonly Option<int?> _workers = CommonOptions.Workers("the result does not depend on it");

    /// <summary>Adds the options to a command.</summary>
    public ScoringOptions AddTo(Command command)
    {
        _mode.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, _mode.HelpName!.Split('|'));
        _precision.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, _precision.HelpName!.Split('|'));
        foreach (var option in (Option[])[_mode, _flip, _scales, _precision, _workers])
            command.Add(option);
        return this;
    }

    /// <summary>The same model, scoring as the options say.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="mlContext">Where it runs.</param>
    /// <param name="model">The model; it is disposed, unless it is the result.</param>
    /// <param name="otherKeys">Whether it will be tried with other keys, too, for which it has to keep its weights.</param>
    /// <param name="imagePaths">The images that it will score.</param>
    /// <param name="orientation">How they are read.</param>
    public ITransformer Apply(
        ParseResult result, MLContext mlContext, ITransformer model, bool otherKeys, IEnumerable<string> imagePaths, ImageOrientation orientation)
    {
        if (result.GetValue(_workers) is { } workers)
            model = Instead(model, mlContext.Segmentation().WithInputWorkers(model, workers));
        model = Instead(model, ApplyMode(result, mlContext, model));
        model = Instead(model, ApplyPrecision(result, mlContext, model, imagePaths, orientation));
        return otherKeys ? model : Instead(model, mlContext.Segmentation().ForScoring(model));
    }

    private static ITransformer Instead(ITransformer model, ITransformer other)
    {
        if (other != model)
            (model as IDisposable)?.Dispose();
        return other;
    }

    private ITransformer ApplyPrecision(ParseResult result, MLContext mlContext, ITransformer scoring, IEnumerable<string> imagePaths, ImageOrientation orientation)
    {
        var precision = result.GetValue(_precision);
        if (precision == ScoringPrecision.Single)
            return scoring;
        if (precision == ScoringPrecision.Auto && Job.Group is not null)
            throw new NotSupportedException($"'{_precision.Name} auto': each process would choose for itself. Give single or bfloat16.");
        var images = new List<MLImage>();
        try
        {
            if (precision == ScoringPrecision.Auto)
                images.AddRange(imagePaths.Select(path => TryLoad(path, orientation)).OfType<MLImage>().Take(CalibrationImages));
            var chosen = mlContext.Segmentation().WithPrecision(scoring, precision, images);
            if (precision == ScoringPrecision.Auto)
                Console.WriteLine($"Precision: {mlContext.Segmentation().GetSegmenter(chosen).Precision}");
            return chosen;
        }
        finally
        {
            images.ForEach(image => image.Dispose());
        }
    }

    // What is wrong with a file is told where it is scored.
    private static MLImage? TryLoad(string path, ImageOrientation orientation)
    {
        try
        {
            return ImageFile.Load(path, orientation);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private ITransformer ApplyMode(ParseResult result, MLContext mlContext, ITransformer model)
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
