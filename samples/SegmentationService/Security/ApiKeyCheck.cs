namespace SegmentationService.Security;

/// <summary>Refuses callers without the API key, if one is set. The page and the health probes are open.</summary>
internal sealed class ApiKeyCheck(RequestDelegate next, ApiKey key)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/health") || key.IsSentBy(context.Request))
            return next(context);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem("Send the API key in the header X-Api-Key, or as a bearer token.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }
}
