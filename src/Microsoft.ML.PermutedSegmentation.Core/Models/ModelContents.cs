namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A model as its file holds it: with protected weights, whether it is unlocked or not.</summary>
/// <param name="Description">What its file says of it.</param>
/// <param name="Weights">Its weights by their names in <see cref="NetworkLayout.Parameters"/>.</param>
/// <param name="Protection">What undoes their protection, for those who must run it, if the model is protected and unlocked with its key; else null. As secret as the key.</param>
public sealed record ModelContents(ModelDescription Description, IReadOnlyDictionary<string, float[]> Weights, WeightProtection? Protection = null);
