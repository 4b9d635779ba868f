using Microsoft.ML.PermutedSegmentation;
using Workbench.Training;

namespace Workbench.Tables;

/// <summary>One finished model: how it was trained, and what it scored.</summary>
/// <param name="Name">baseline, model-1 to model-6, all-maps; shf-2, np-16, ffx-32 and so on.</param>
/// <param name="FeatureMaps">The maps that the key permutes; None for the baseline and for encrypted images.</param>
/// <param name="Method">How images are encrypted; null when they are not.</param>
/// <param name="BlockSize">Height and width of an encrypted block in pixels; null without encryption.</param>
/// <param name="TrainedAs">The model whose training this one shares: its own name, or baseline when it was protected afterwards.</param>
/// <param name="Epochs">The training; empty when it is another model's.</param>
/// <param name="TrainingSeconds">Time of the training; 0 when it is another model's.</param>
/// <param name="EvaluationSeconds">Time of trying the model under all conditions.</param>
/// <param name="Correct">With the key; for the baseline, without any.</param>
/// <param name="NoKey">Without a key: No-perm in Table I, Plain in Table II; null for the baseline.</param>
/// <param name="WrongKeys">With each of the wrong keys; empty for the baseline.</param>
internal sealed record ModelResult(
    string Name,
    FeatureMaps FeatureMaps,
    BlockTransformMethod? Method,
    int? BlockSize,
    string TrainedAs,
    IReadOnlyList<EpochResult> Epochs,
    double TrainingSeconds,
    double EvaluationSeconds,
    Scores Correct,
    Scores? NoKey,
    IReadOnlyList<Scores> WrongKeys);
