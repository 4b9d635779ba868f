namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>Gives the pixels of an image, which stay where they are; called again whenever they are needed again.</summary>
public delegate PixelSpan PixelSource();
