using Workbench.Training;

namespace Workbench.Tables;

/// <summary>How a training went; kept beside its model until, and after, the model has been tried.</summary>
/// <param name="Epochs">Its epochs.</param>
/// <param name="Seconds">The time that it took.</param>
internal sealed record TrainingResult(IReadOnlyList<EpochResult> Epochs, double Seconds);
