namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// What a key does to images before the network reads them, for code that knows a step of that name. Code that reads and writes
/// models only passes it on.
/// </summary>
/// <param name="Name">Which step it is.</param>
/// <param name="Settings">What it needs besides the key: a JSON object.</param>
public sealed record ImageStep(string Name, string Settings);
