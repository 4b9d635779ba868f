namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>What is said when a model is used after its disposal, which ML.NET does without being asked.</summary>
internal static class DisposedModel
{
    public static ObjectDisposedException Exception(string name) => new(
        name,
        "This segmentation model was disposed. A PredictionEngine disposes its model along with itself, unless it is created with new PredictionEngineOptions { OwnsTransformer = false }.");
}
