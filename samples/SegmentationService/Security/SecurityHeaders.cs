namespace SegmentationService.Security;

/// <summary>What browsers are told about the page: it runs its own scripts, and asks nobody else.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        // Not now: answers to exceptions begin with no headers.
        context.Response.OnStarting(() =>
        {
            Set(context);
            return Task.CompletedTask;
        });
        return next(context);
    }

    private static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Files of the page may be kept, if it is asked whether they have changed; answers must not be.
        headers.CacheControl = HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/model") ? "no-cache" : "no-store";
    }
}
