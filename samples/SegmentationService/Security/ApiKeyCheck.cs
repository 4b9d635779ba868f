using System.Security.Cryptography;
using System.Text;

namespace SegmentationService.Security;

/// <summary>Refuses callers without the API key, if one is set. The page and the health probes are open.</summary>
internal sealed class ApiKeyCheck(RequestDelegate next, ServiceSettings settings)
{
    private const string Header = "X-Api-Key", Scheme = "Bearer ";

    // Digests have one length: comparing them takes the same time whatever is sent.
    private readonly byte[]? _expected = string.IsNullOrEmpty(settings.ApiKey) ? null : DigestOf(settings.ApiKey);

    public Task InvokeAsync(HttpContext context)
    {
        if (_expected is null || context.Request.Path.StartsWithSegments("/health") || IsRight(context.Request))
            return next(context);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem("Send the API key in the header X-Api-Key, or as a bearer token.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    /// <summary>What tells a caller from others: never the key itself.</summary>
    public static string CallerOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    private bool IsRight(HttpRequest request)
    {
        string? sent = request.Headers[Header].FirstOrDefault();
        if (sent is null && request.Headers.Authorization.FirstOrDefault() is { } authorization && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            sent = authorization[Scheme.Length..];
        return sent is not null && CryptographicOperations.FixedTimeEquals(DigestOf(sent), _expected);
    }

    private static byte[] DigestOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
