using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SegmentationService.Answers;
using SegmentationService.Models;
using SegmentationService.Security;

namespace SegmentationService.Endpoints;

/// <summary><c>POST /segment</c> and <c>POST /segment/overlay</c>.</summary>
internal sealed class SegmentEndpoints(ISegmenter segmenter, ConditionModels conditions, ImageSlots slots, UploadedImages uploads, ModelFacts facts)
{
    private const string Correct = "correct";

    // 256 MB.
    private const long MostProbabilities = 1 << 26;

    public static void MapSegment(WebApplication app)
    {
        var segments = app.MapGroup("/segment").RequireRateLimiting(ServiceLimits.Rate).DisableAntiforgery();
        segments.MapPost("", (HttpContext context, string? key) => Of(context).SegmentAsync(context, key))
            .WithSummary("Labels each pixel of an image.").WithDescription("By Accept: an indexed PNG (image/png), classes with their shares (application/json), or probabilities (application/x-npy).")
            .TakesImage().Produces<MaskAnswer>(200, MaskAnswers.Json, MaskAnswers.Png, MaskAnswers.Npy).ProducesProblems();
        segments.MapPost("/overlay", (HttpContext context, string? opacity) => Of(context).OverlayAsync(context, opacity))
            .WithSummary("The image under its mask's colors, as PNG.").TakesImage().Produces(200, contentType: MaskAnswers.Png).ProducesProblems();
    }

    private static SegmentEndpoints Of(HttpContext context) => ActivatorUtilities.CreateInstance<SegmentEndpoints>(context.RequestServices);

    private async Task<IResult> SegmentAsync(HttpContext context, string? key)
    {
        string kind = MaskAnswers.Choose(context.Request);
        key ??= Correct;
        if (key != Correct && (!conditions.AreThere || key is not ("none" or "wrong")))
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, "The parameter 'key' can be correct, and in the demo also none or wrong.");
        byte[] content = await uploads.ReadAsync(context.Request, context.RequestAborted);
        using var slot = await slots.EnterAsync(context.RequestAborted);
        using var image = uploads.Decode(content);
        if (kind == MaskAnswers.Npy)
            CheckProbabilities(image, key);
        if (key == Correct)
        {
            var answer = await segmenter.SegmentAsync(image, kind == MaskAnswers.Npy, context.RequestAborted);
            SetTiming(context, answer.Waited, answer.Scoring);
            // A result for a caller who has been given up would only break the connection.
            context.RequestAborted.ThrowIfCancellationRequested();
            return MaskAnswers.Create(kind, answer.Labels, answer.Height, answer.Width, answer.Model.ClassNames, answer.Scored);
        }
        if (segmenter.Model is not { } model)
            throw new SegmentationUnavailableException("No model is loaded.");
        long start = Stopwatch.GetTimestamp();
        var scored = await conditions.ScoreAsync(key, image, context.RequestAborted);
        SetTiming(context, TimeSpan.Zero, Stopwatch.GetElapsedTime(start));
        byte[] labels = MaskResizer.Resize(scored.Labels, scored.Height, scored.Width, image.Height, image.Width);
        return MaskAnswers.Create(kind, labels, image.Height, image.Width, model.ClassNames, scored);
    }

    private async Task<IResult> OverlayAsync(HttpContext context, string? opacity)
    {
        double share = 0.5;
        if (opacity is not null && !(double.TryParse(opacity, NumberStyles.Float, CultureInfo.InvariantCulture, out share) && share is >= 0 and <= 1))
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, "The parameter 'opacity' can be a number from 0 to 1.");
        byte[] content = await uploads.ReadAsync(context.Request, context.RequestAborted);
        using var slot = await slots.EnterAsync(context.RequestAborted);
        using var image = uploads.Decode(content);
        var answer = await segmenter.SegmentAsync(image, cancellationToken: context.RequestAborted);
        SetTiming(context, answer.Waited, answer.Scoring);
        context.RequestAborted.ThrowIfCancellationRequested();
        return Results.Bytes(Overlay.Png(image, answer.Labels, share), MaskAnswers.Png);
    }

    private void CheckProbabilities(MLImage image, string key)
    {
        if (key != Correct || segmenter.Model is { HasProbabilities: false })
            throw new RefusedRequestException(StatusCodes.Status406NotAcceptable, "This model, or this key, gives no probabilities.");
        if (segmenter.Model is not { } model)
            return;
        long pixels = facts.Of(model).HasMasksOfImageSize ? (long)image.Height * image.Width : (long)model.ImageHeight * model.ImageWidth;
        if (pixels * model.ClassNames.Count > MostProbabilities)
            throw new RefusedRequestException(StatusCodes.Status413PayloadTooLarge, $"The image has too many probabilities, {pixels * model.ClassNames.Count:N0}; at most {MostProbabilities:N0} are answered.");
    }

    // https://www.w3.org/TR/server-timing/
    private static void SetTiming(HttpContext context, TimeSpan waited, TimeSpan network) => context.Response.Headers["Server-Timing"] =
        string.Create(CultureInfo.InvariantCulture, $"queue;dur={waited.TotalMilliseconds:F1}, network;dur={network.TotalMilliseconds:F1}");
}
