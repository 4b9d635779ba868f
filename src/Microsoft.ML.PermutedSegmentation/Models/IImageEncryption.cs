namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Encrypts images before a model in its chain, with the model's key; of another package.</summary>
internal interface IImageEncryption : IKeyedTransformer;
