using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Maps = Microsoft.ML.PermutedSegmentation.FeatureMaps;

namespace Workbench;

/// <summary>The options of a training: a preset, and what changes it.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<Preset> _preset = new("--preset")
    {
        HelpName = "default|paper",
        Description = "The recipe that the other options change: for some ten to some thousand images on a CPU, or the paper's.",
    };
    private readonly PathOption _file = new("--options", FileRole.Input) { HelpName = "run.json", Description = "All options of a training from a JSON file, such as one that --run-dir wrote; those it leaves out are the preset's." };
    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "NAME=VALUE",
        Description = "Any option of a training by its name in run.json, such as loss.dice=1 or augmentation.rotation=10. May be given several times.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<SegmentationNetwork?> _network = CommonOptions.Network();
    private readonly Option<Backbone?> _backbone = CommonOptions.Backbone("that of the initial weights, or resnet18; mobilenetv3large for lraspp");
    private readonly PathOption _initialWeights = CommonOptions.InitialWeights("Weights to start from: of an unprotected model, or of torchvision's networks or backbones from PyTorch.");
    private readonly Option<bool> _pretrained = new("--pretrained") { Description = "Starts from weights that were trained on ImageNet. There are some for resnet18, where it is the default." };
    private readonly Option<bool> _fromScratch = new("--from-scratch") { Description = "Starts from random weights." };
    private readonly Option<int?> _outputStride = CommonOptions.OutputStride("16; paper: 8");
    private readonly Option<(int Height, int Width)?> _size = CommonOptions.Size("after the images; paper: 256x256");
    private readonly Option<ScoringMode?> _scoring = new("--scoring")
    {
        HelpName = "resize|slidingwindow",
        Description = "Learns from whole images, resized, or from parts of --size at full resolution; the model scores images in the same way.",
    };
    private readonly Option<int?> _epochs = CommonOptions.OptionalCount("--epochs", "How often every training image is seen. [default: after their number; paper: 100]");
    private readonly Option<int?> _batchSize = CommonOptions.OptionalCount("--batch-size", "Images per step of the optimizer. [default: 8; paper: 256]");
    private readonly Option<double?> _learningRate = CommonOptions.Rate("--learning-rate", "The learning rate at the start of each cosine cycle. [default: 0.001; paper: 0.1]");
    private readonly Option<double?> _weightDecay = CommonOptions.Rate("--weight-decay", "The penalty on the weights. [default: 0.01; paper: 0.005]");

    /// <summary>Only of a training with a key.</summary>
    public Option<Maps?> FeatureMaps { get; } = CommonOptions.FeatureMaps(standard: "all");

    /// <summary>Likewise.</summary>
    public Option<bool> Seal { get; } = CommonOptions.Seal();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])
            [_preset, _file, _set, FeatureMaps, Seal, _network, _backbone, _initialWeights, _pretrained, _fromScratch, _outputStride, _size, _scoring, _epochs, _batchSize, _learningRate, _weightDecay])
            command.Add(option);
        _scoring.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, _scoring.HelpName!.Split('|'));
        _preset.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, _preset.HelpName!.Split('|'));
        _set.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                CheckAssignment(result, token.Value);
        });
        command.Forbid(_initialWeights, with: _pretrained);
        command.Forbid(_initialWeights, with: _fromScratch);
        command.Forbid(_pretrained, with: _fromScratch);
    }

    private static void CheckAssignment(OptionResult result, string assignment)
    {
        try
        {
            RecipeFile.Set(new PermutedSegmentationTrainer.Options(), assignment);
        }
        catch (InvalidDataException exception)
        {
            result.AddError(exception.Message);
        }
    }

    /// <summary>The preset with what was given.</summary>
    public PermutedSegmentationTrainer.Options Read(ParseResult result)
    {
        var preset = result.GetValue(_preset) == Preset.Paper ? PermutedSegmentationTrainer.Options.Paper() : new PermutedSegmentationTrainer.Options();
        var options = preset;
        if (result.GetValue(_file) is { } file)
            options = RecipeFile.Change(options, file);
        foreach (var assignment in result.GetValue(_set) ?? [])
            options = RecipeFile.Set(options, assignment);
        options.FeatureMaps = result.GetValue(FeatureMaps) ?? options.FeatureMaps;
        options.Seal |= result.GetValue(Seal);
        options.Network = result.GetValue(_network) ?? options.Network;
        // The paper's backbone and stride are not for every network.
        var isLight = options.Network == SegmentationNetwork.LrAspp;
        options.Backbone = result.GetValue(_backbone) ?? (isLight && options.Backbone == preset.Backbone ? null : options.Backbone);
        options.OutputStride = result.GetValue(_outputStride) ?? (isLight && options.OutputStride == preset.OutputStride ? 16 : options.OutputStride);
        if (result.GetValue(_size) is var (height, width))
            (options.ImageHeight, options.ImageWidth) = (height, width);
        options.Scoring = result.GetValue(_scoring) ?? options.Scoring;
        options.Epochs = result.GetValue(_epochs) ?? options.Epochs;
        options.BatchSize = result.GetValue(_batchSize) ?? options.BatchSize;
        if (result.GetValue(_learningRate) is { } rate)
            (options.LearningRate, options.MinimumLearningRate) = (rate, Math.Min(options.MinimumLearningRate, rate));
        options.WeightDecay = result.GetValue(_weightDecay) ?? options.WeightDecay;
        return options;
    }

    /// <summary>What a training starts from, for people.</summary>
    public string Describe(ParseResult result, SegmentationWeights? weights) =>
        result.GetValue(_initialWeights) is { } file ? $"the weights of {Path.GetFileName(file)}"
        : weights is null ? "random weights" : $"a {weights.Backbone} that was trained on ImageNet";

    /// <summary>The weights to start from, which are the caller's to dispose; null for random ones.</summary>
    public SegmentationWeights? LoadInitialWeights(ParseResult result, PermutedSegmentationTrainer.Options options)
    {
        if (result.GetValue(_initialWeights) is { } file)
            return Steps.LoadInitialWeights(file);
        var hasPretrained = options.Network != SegmentationNetwork.LrAspp && options.Backbone is null or Backbone.ResNet18;
        return result.GetValue(_pretrained) || (hasPretrained && !result.GetValue(_fromScratch)) ? PretrainedBackbone.ResNet18() : null;
    }
}
