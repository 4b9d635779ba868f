using Microsoft.ML.PermutedSegmentation.Networks;

namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>What a key does to a convolution: its channels are put into another order. As secret as the key.</summary>
/// <param name="Convolution">The convolution.</param>
/// <param name="Read">The order of the channels that it reads; null where it does not change.</param>
/// <param name="Written">The order of the channels that it makes, and of its batch norm's; null where it does not change.</param>
public sealed record ConvolutionOrder(Convolution Convolution, int[]? Read, int[]? Written);
