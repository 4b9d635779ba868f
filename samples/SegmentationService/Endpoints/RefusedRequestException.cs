namespace SegmentationService.Endpoints;

/// <summary>A request that is not answered.</summary>
/// <param name="status">HTTP's status.</param>
/// <param name="message">The reason, for the caller.</param>
internal sealed class RefusedRequestException(int status, string message) : Exception(message)
{
    public int Status => status;
}
