namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>A model that is in memory, with what is said of it.</summary>
/// <param name="Network">Freed when the last who uses it is ready.</param>
/// <param name="Description">What callers are told.</param>
internal sealed record LoadedModel(Shared<ISegmentationModel> Network, ServedModel Description)
{
    public static LoadedModel Of(ISegmentationModel model, string path, DateTimeOffset now) => new(
        new Shared<ISegmentationModel>(model, owned => owned.Dispose(), () => new ObjectDisposedException(nameof(ISegmenter))),
        new ServedModel(path, now, model.ClassNames, model.ImageHeight, model.ImageWidth, model.HasProbabilities));
}
