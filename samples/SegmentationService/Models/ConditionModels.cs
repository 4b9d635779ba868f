using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SegmentationService.Demo;

namespace SegmentationService.Models;

/// <summary>The demo's model as a thief has it: without its key, and with a wrong one. Nobody should serve such a model; the demo shows why.</summary>
internal sealed class ConditionModels(DemoModel? demo) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<string, ISegmentationModel> _models = [];

    /// <summary>Whether there are any.</summary>
    public bool AreThere => demo is not null;

    /// <summary>Labels an image with the model "none" or "wrong".</summary>
    public async Task<ScoredImage> ScoreAsync(string condition, MLImage image, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (!_models.TryGetValue(condition, out var model))
                _models[condition] = model = Open(condition);
            return model.Score([image])[0];
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose()
    {
        foreach (var model in _models.Values)
            model.Dispose();
    }

    private TorchSegmenter Open(string condition)
    {
        if (condition == "none")
            return TorchSegmenter.Load(demo!.Settings.ModelPath);
        using var wrong = PermutationKey.Generate();
        return TorchSegmenter.Load(demo!.Settings.ModelPath, wrong, verify: false);
    }
}
