namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A model as its file holds it: with protected weights, whether it is unlocked or not.</summary>
/// <param name="Description">What its file says of it.</param>
/// <param name="Weights">Its weights by their names in <see cref="NetworkLayout.Parameters"/>.</param>
public sealed record ModelContents(ModelDescription Description, IReadOnlyDictionary<string, float[]> Weights);
