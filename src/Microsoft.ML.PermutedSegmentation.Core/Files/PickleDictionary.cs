namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A dictionary of Python, as a pickle fills it: in order, whatever its keys are.</summary>
internal sealed class PickleDictionary : List<(object? Key, object? Value)>;
