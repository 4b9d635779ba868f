using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Maps = Microsoft.ML.PermutedSegmentation.FeatureMaps;

namespace Workbench;

/// <summary>Options that several commands have, options with a syntax of their own, and rules between options.</summary>
internal static class CommonOptions
{
    private const string Networks = "fcn|deeplabv3|lraspp";
    private const string Backbones = "resnet18|resnet34|resnet50|resnet101|mobilenetv3large";

    public static Option<bool> AsStored() => new("--as-stored") { Description = "Images that are stored turned (EXIF) are read as stored, not upright: for masks that were drawn on the stored image." };

    public static PathOption Model() => new("--model", FileRole.Input) { HelpName = "model.zip", Description = "A model file, as train writes it.", Required = true };

    public static PathOption ModelOutput() => new("--out", FileRole.Output) { HelpName = "model.zip", Description = "The model file to write. It never holds the key.", Required = true };

    public static PathOption Key(string description) => new("--key", FileRole.Input) { HelpName = "key.pem", Description = description };

    public static PathOption RequiredKey(string name, string description) => new(name, FileRole.Input) { HelpName = "key.pem", Description = description, Required = true };

    public static Option<bool> NoKey() => new("--no-key") { Description = "Runs the model as it is in the file: locked, unless it was trained with --unprotected." };

    /// <summary>An image size, written HEIGHTxWIDTH.</summary>
    /// <param name="standard">What happens without it.</param>
    public static Option<(int Height, int Width)?> Size(string standard) => new("--size")
    {
        HelpName = "HxW",
        Description = $"Height and width to which images are resized, multiples of the output stride. [default: {standard}]",
        CustomParser = ParseSize,
    };

    /// <summary>Feature maps by their numbers in the paper: 6, 1,6 or all.</summary>
    public static Option<Maps?> FeatureMaps(string standard) => new("--feature-maps")
    {
        HelpName = "6|1,6|all",
        Description = $"The feature maps that the key permutes: 1 after the stem, 2 to 5 after the stages, 6 in the head. [default: {standard}]",
        CustomParser = ParseFeatureMaps,
    };

    /// <param name="use">What it does not change.</param>
    public static Option<int?> Workers(string use) => new("--workers")
    {
        HelpName = "N",
        Description = $"How many threads read images; {use}. [default: as many as the network leaves cores idle]",
        CustomParser = result => ParseNumber(result, minimum: 1, maximum: 256),
    };

    public static Option<bool> Seal() => new("--seal") { Description = "Also encrypts the weights in the file: without the key the model does not run, and nothing can be read off it." };

    public static Option<SegmentationNetwork?> Network()
    {
        var option = new Option<SegmentationNetwork?>("--network")
        {
            HelpName = Networks,
            Description = "The kind of network: the paper's, a more accurate and slower one, or a light one. [default: fcn]",
        };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Networks.Split('|'));
        return option;
    }

    /// <param name="standard">What happens without it.</param>
    public static Option<Backbone?> Backbone(string standard)
    {
        var option = new Option<Backbone?>("--backbone")
        {
            HelpName = Backbones,
            Description = $"The part of the network that reads the image: deeper is better and slower. [default: {standard}]",
        };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Backbones.Split('|'));
        return option;
    }

    /// <summary>The network that a file should hold.</summary>
    public static Option<Backbone?> ExpectedBackbone()
    {
        var option = new Option<Backbone?>("--backbone")
        {
            HelpName = Backbones,
            Description = "Fails when the file holds another network. Without it, the file tells which one it is.",
        };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Backbones.Split('|'));
        return option;
    }

    /// <param name="standard">What happens without it.</param>
    public static Option<int?> OutputStride(string standard)
    {
        var option = new Option<int?>("--output-stride")
        {
            HelpName = "8|16|32",
            Description = $"Pixels of the image per cell of the backbone's last feature map: smaller is finer and slower. [default: {standard}]",
        };
        option.AcceptOnlyFromAmong("8", "16", "32");
        return option;
    }

    /// <summary>A file of weights that trainings start from.</summary>
    public static PathOption InitialWeights(string description) => new("--initial-weights", FileRole.Input) { HelpName = "model.zip|x.safetensors|x.pth", Description = description };

    /// <summary>A whole number of at least 1.</summary>
    public static Option<int> Count(string name, string description, int standard) => new(name)
    {
        HelpName = "N",
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result => ParseNumber(result, minimum: 1),
    };

    /// <summary>A whole number of at least 1 that may be left out.</summary>
    public static Option<int?> OptionalCount(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result => ParseNumber(result, minimum: 1),
    };

    /// <summary>A number of at least 0 that may be left out.</summary>
    public static Option<double?> Rate(string name, string description) => new(name)
    {
        HelpName = "X",
        Description = description,
        CustomParser = result => ParseNumber(result, minimum: 0.0),
    };

    public static Option<int?> Seed() => new("--seed")
    {
        HelpName = "N",
        Description = "Makes training repeatable: same seed, same weights (on the CPU).",
        CustomParser = result => ParseNumber(result, minimum: 0),
    };

    public static void RequireExactlyOneOf(this Command command, params Option[] options) => command.Validators.Add(result =>
    {
        if (options.Count(result.IsGiven) != 1)
            result.AddError($"Give exactly one of {string.Join(", ", options.Select(option => option.Name))}.");
    });

    public static void Forbid(this Command command, Option option, Option with) => command.Validators.Add(result =>
    {
        if (result.IsGiven(option) && result.IsGiven(with))
            result.AddError($"{option.Name} cannot be used together with {with.Name}.");
    });

    public static void Require(this Command command, Option option, Option with) => command.Validators.Add(result =>
    {
        if (result.IsGiven(with) && !result.IsGiven(option))
            result.AddError($"{with.Name} needs {option.Name}.");
    });

    private static bool IsGiven(this CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };

    private static T ParseNumber<T>(ArgumentResult result, T minimum, T? maximum = null) where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= minimum && !(number > maximum) && T.IsFinite(number))
            return number;
        result.AddError($"'{text}' is not a value for {((OptionResult)result.Parent!).Option.Name}; give a {(typeof(T) == typeof(int) ? "whole " : "")}number {(maximum is { } most ? $"from {minimum} to {most}" : $"of at least {minimum}")}.");
        return minimum;
    }

    private static (int, int)? ParseSize(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Split('x', 'X') is [var height, var width] && int.TryParse(height, out var h) && int.TryParse(width, out var w) && h > 0 && w > 0)
            return (h, w);
        result.AddError($"'{text}' is not a size; write height x width in pixels, such as 256x256.");
        return null;
    }

    private static Maps? ParseFeatureMaps(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "all")
            return Maps.All;
        var maps = Maps.None;
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, out var map) || map is < 1 or > 6)
            {
                result.AddError($"'{text}' names no feature maps; write numbers from 1 to 6, such as 6 or 1,6, or all.");
                return null;
            }
            maps |= FeatureMapsExtensions.FromNumber(map);
        }
        return maps;
    }
}
