using System.Runtime.CompilerServices;
using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Models;

/// <summary>Opens models, and remembers what each says of itself.</summary>
internal sealed class ModelFacts
{
    private readonly ConditionalWeakTable<IReadOnlyList<string>, ModelFact> _facts = [];

    /// <summary>Opens a model with the engine that its file is for.</summary>
    public ISegmentationModel Open(string path, PermutationKey? key)
    {
        if (SegmentationFile.KindOf(path) == SegmentationFileKind.Onnx)
        {
            var onnx = OnnxSegmenter.Load(path, key);
            _facts.AddOrUpdate(onnx.ClassNames, new ModelFact(null, null, key is not null, null, onnx.FeatureMaps, onnx.ScoringMode == ScoringMode.SlidingWindow));
            return onnx;
        }
        var torch = TorchSegmenter.Load(path, key);
        var model = torch.Transformer;
        _facts.AddOrUpdate(torch.ClassNames, new ModelFact($"{model.Network}", $"{model.Backbone}", key is not null, model.IsSealed, model.FeatureMaps, model.ScoringMode == ScoringMode.SlidingWindow));
        return torch;
    }

    /// <summary>Of the model that is served.</summary>
    public ModelFact Of(ServedModel model) => _facts.TryGetValue(model.ClassNames, out var fact) ? fact : new ModelFact(null, null, false, null, FeatureMaps.None, true);
}

/// <summary>What is not known of every model is null.</summary>
internal sealed record ModelFact(string? Network, string? Backbone, bool IsProtected, bool? IsSealed, FeatureMaps FeatureMaps, bool HasMasksOfImageSize);
