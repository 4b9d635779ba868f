namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Rows that were read ahead.</summary>
/// <param name="Images">Their images, ready for the network.</param>
/// <param name="FirstPlace">The place of the first of them; the others are at those that follow (<see cref="RowReadAhead"/>).</param>
internal sealed record RowBatch(ImageBatch Images, int FirstPlace);
