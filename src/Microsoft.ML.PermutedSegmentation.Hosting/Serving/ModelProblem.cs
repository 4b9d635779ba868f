namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Why a model is not the one that its file and key say.</summary>
/// <param name="Message">The reason.</param>
/// <param name="IsOfKey">Whether it is the key: missing, or a wrong one.</param>
internal sealed record ModelProblem(string Message, bool IsOfKey);
