using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Endpoints;

/// <summary>Exceptions as answers of HTTP (RFC 9457): what the caller can do something about is said, the rest is only logged.</summary>
internal sealed class ProblemAnswers(ILogger<ProblemAnswers> logger) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            context.Response.StatusCode = ClientClosedRequest;
            return true;
        }
        var (status, detail, retryAfter) = Describe(exception);
        if (status == StatusCodes.Status500InternalServerError)
            logger.LogError(exception, "A request could not be answered.");
        if (retryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await Results.Problem(detail, statusCode: status).ExecuteAsync(context);
        return true;
    }

    private static (int Status, string Detail, TimeSpan? RetryAfter) Describe(Exception exception) => exception switch
    {
        RefusedRequestException refused => (refused.Status, refused.Message, refused.RetryAfter),
        InvalidDataException => (StatusCodes.Status400BadRequest, exception.Message, null),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message, null),
        SegmentationBusyException busy => (StatusCodes.Status429TooManyRequests, busy.Message, busy.RetryAfter),
        // Its reason may name files of this machine.
        SegmentationUnavailableException => (StatusCodes.Status503ServiceUnavailable, "There is no model to answer with at the moment.", TimeSpan.FromSeconds(2)),
        _ => (StatusCodes.Status500InternalServerError, "Something went wrong here; it has been logged.", null),
    };
}
