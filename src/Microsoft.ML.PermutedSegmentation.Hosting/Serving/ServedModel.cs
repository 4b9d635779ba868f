namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A model that requests are answered with. Nothing of it is secret.</summary>
/// <param name="Path">Its file.</param>
/// <param name="LoadedAt">When it was loaded.</param>
/// <param name="ClassNames">The classes, in the order of the labels.</param>
/// <param name="ImageHeight">Height in pixels of the images that the network reads.</param>
/// <param name="ImageWidth">Width of these images.</param>
/// <param name="HasProbabilities">Whether there are probabilities of classes besides labels.</param>
public sealed record ServedModel(string Path, DateTimeOffset LoadedAt, IReadOnlyList<string> ClassNames, int ImageHeight, int ImageWidth, bool HasProbabilities);
