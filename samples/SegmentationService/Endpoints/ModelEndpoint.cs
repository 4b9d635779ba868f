using Microsoft.ML.PermutedSegmentation;
using SegmentationService.Models;

namespace SegmentationService.Endpoints;

/// <summary><c>GET /model</c>: what the model says of itself, and what the service takes.</summary>
internal static class ModelEndpoint
{
    public static void MapModel(this WebApplication app) => app.MapGet("/model", Describe).WithSummary("What the served model is, and what the service takes.")
        .Produces<ModelAnswer>().ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static ModelAnswer Describe(ISegmenter segmenter, ModelFacts facts, ConditionModels conditions, ServiceSettings settings)
    {
        var model = segmenter.Model ?? throw new SegmentationUnavailableException("No model is loaded.");
        var fact = facts.Of(model);
        return new ModelAnswer(
            Path.GetFileName(model.Path), fact.Network, fact.Backbone, model.ImageHeight, model.ImageWidth, fact.IsProtected, fact.IsSealed,
            fact.FeatureMaps.Numbers(), [.. model.ClassNames.Select((name, index) => new ClassAnswer(index, name, Color(index)))], Color(ClassPalette.VoidClass),
            conditions.AreThere, new LimitsAnswer(settings.MaximumBytes, settings.MaximumPixels), model.LoadedAt);
    }

    /// <summary>A class's color as in CSS.</summary>
    public static string Color(int index)
    {
        var (red, green, blue) = ClassPalette.Voc[index];
        return $"#{red:x2}{green:x2}{blue:x2}";
    }
}
