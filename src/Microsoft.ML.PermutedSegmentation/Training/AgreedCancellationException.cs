namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>All processes of a training end it at the same step: none waits for another, and the group can be used again.</summary>
internal sealed class AgreedCancellationException(CancellationToken cancellation) : OperationCanceledException(cancellation);
