namespace SegmentationService.Endpoints;

/// <summary>A request that is not answered.</summary>
/// <param name="status">HTTP's status.</param>
/// <param name="message">The reason, for the caller.</param>
/// <param name="retryAfter">When it may be answered; null: never.</param>
internal sealed class RefusedRequestException(int status, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public int Status => status;

    public TimeSpan? RetryAfter => retryAfter;
}
