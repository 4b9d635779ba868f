namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The batch normalisation behind a convolution (Ioffe and Szegedy, 2015).</summary>
/// <param name="Name">Its name in torchvision.</param>
/// <param name="Epsilon">What is added to variances.</param>
/// <param name="Momentum">The weight of a new batch in the running statistics.</param>
public sealed record BatchNorm(string Name, double Epsilon = 1e-5, double Momentum = 0.1);
