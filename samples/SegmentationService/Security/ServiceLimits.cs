using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;

namespace SegmentationService.Security;

/// <summary>How much a caller may send, how fast, and how long it may take.</summary>
internal static class ServiceLimits
{
    /// <summary>The policy of rates, for endpoints that run the network.</summary>
    public const string Rate = "segment";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void AddServiceLimits(this WebApplicationBuilder builder, ServiceSettings settings)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MaximumBytes;
            // Connections that send nothing, or drop by drop, are closed.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.Configure<FormOptions>(form => (form.MultipartBodyLengthLimit, form.MemoryBufferThreshold, form.ValueCountLimit) = (settings.MaximumBytes, settings.MaximumBytes, 16));
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(settings.RequestSeconds),
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
        });
        builder.Services.AddSingleton(new ImageSlots(settings));
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.AddPolicy(Rate, context => RateLimitPartition.GetFixedWindowLimiter(
                ApiKeyCheck.CallerOf(context), _ => new FixedWindowRateLimiterOptions { PermitLimit = settings.RequestsPerMinute, Window = Window }));
            limiter.OnRejected = (rejected, cancellation) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Window;
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                return new ValueTask(Results.Problem($"At most {settings.RequestsPerMinute} requests a minute are answered.", statusCode: StatusCodes.Status429TooManyRequests)
                    .ExecuteAsync(rejected.HttpContext));
            };
        });
    }
}
