namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Something that is not right with a data set.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Message">What is wrong; it names the file.</param>
/// <param name="StopsTraining">Whether <see cref="SegmentationData.Load"/> or a training would refuse it.</param>
public sealed record SegmentationDataProblem(string Path, string Message, bool StopsTraining);
