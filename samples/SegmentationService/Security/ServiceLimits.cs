using System.Globalization;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
            // Requests that come drop by drop are given up.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 2048, gracePeriod: TimeSpan.FromSeconds(5));
        });
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(settings.RequestSeconds),
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
        });
        builder.Services.AddSingleton(new ImageSlots(settings));
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.AddPolicy(Rate, context => RateLimitPartition.GetTokenBucketLimiter(CallerOf(context), _ => Bucket(settings.RequestsPerMinute)));
            limiter.OnRejected = (rejected, cancellation) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Window;
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                return new ValueTask(Results.Problem($"At most {settings.RequestsPerMinute} requests a minute are answered.", statusCode: StatusCodes.Status429TooManyRequests)
                    .ExecuteAsync(rejected.HttpContext));
            };
        });
    }

    // New ones come in drops, so that who was refused need not wait for a whole minute.
    private static TokenBucketRateLimiterOptions Bucket(int perMinute)
    {
        int drop = Math.Max(1, perMinute / 60);
        return new TokenBucketRateLimiterOptions { TokenLimit = perMinute, TokensPerPeriod = drop, ReplenishmentPeriod = Window * drop / perMinute };
    }

    // Whoever has an address of IPv6 has the 2^64 beside it as well.
    private static string CallerOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "unknown",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        var address => address.MapToIPv4().ToString(),
    };
}
