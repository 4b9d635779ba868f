namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Rows that were read ahead.</summary>
/// <param name="Images">Their images, ready for the network.</param>
/// <param name="Rows">What else is wanted of them.</param>
internal sealed record RowBatch(ImageBatch Images, IReadOnlyList<ReadRow> Rows);
