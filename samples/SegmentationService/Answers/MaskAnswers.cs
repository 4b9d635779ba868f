using Microsoft.ML.PermutedSegmentation;
using Microsoft.Net.Http.Headers;
using SegmentationService.Endpoints;

namespace SegmentationService.Answers;

/// <summary>A mask in the form that the caller accepts.</summary>
internal static class MaskAnswers
{
    public const string Png = "image/png", Json = "application/json", Npy = "application/x-npy";

    private static readonly string[] Kinds = [Png, Json, Npy];

    /// <summary>The form that the caller likes best; the first of ours if it does not mind.</summary>
    /// <exception cref="RefusedRequestException">It accepts none of ours.</exception>
    public static string Choose(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) || accepted.Count == 0)
            return Png;
        return Kinds.Where(kind => QualityOf(kind, accepted) > 0).MaxBy(kind => QualityOf(kind, accepted))
            ?? throw new RefusedRequestException(StatusCodes.Status406NotAcceptable, $"A mask is answered as {string.Join(", ", Kinds)}.");
    }

    public static IResult Create(string kind, byte[] labels, int height, int width, IReadOnlyList<string> classNames, ScoredImage scored)
    {
        switch (kind)
        {
            case Json:
                return Results.Json(Describe(labels, height, width, classNames), AnswerJson.Default.MaskAnswer);
            case Npy:
                return Results.Bytes(NpyFile.Of(scored.Probabilities!, classNames.Count, scored.Height, scored.Width), Npy);
            default:
                using (var stream = new MemoryStream())
                {
                    MaskFile.Write(stream, labels, height, width);
                    return Results.Bytes(stream.ToArray(), Png);
                }
        }
    }

    // RFC 9110, section 12.5.1: the most specific range that covers a kind tells its quality.
    private static double QualityOf(string kind, IList<MediaTypeHeaderValue> accepted)
    {
        var type = new MediaTypeHeaderValue(kind);
        return accepted.Where(type.IsSubsetOf).OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0).Select(range => range.Quality ?? 1).FirstOrDefault();
    }

    private static MaskAnswer Describe(byte[] labels, int height, int width, IReadOnlyList<string> classNames) => new(height, width,
    [
        .. labels.CountBy(label => label).OrderByDescending(entry => entry.Value).Select(entry => (Index: MaskLabels.ToClass(entry.Key), Pixels: entry.Value))
            .Select(found => new ClassShare(found.Index, classNames[found.Index], ModelEndpoint.Color(found.Index), found.Pixels, (double)found.Pixels / labels.Length)),
    ]);
}
