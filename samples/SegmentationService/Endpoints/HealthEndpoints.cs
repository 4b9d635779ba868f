using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using SegmentationService.Security;

namespace SegmentationService.Endpoints;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: requests are answered with the model and the key that are there now.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = Write });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = Write });
    }

    // Reasons name files of this machine: they are for those who may ask everything.
    private static Task Write(HttpContext context, HealthReport report)
    {
        var reasons = context.RequestServices.GetRequiredService<ApiKey>().IsSentBy(context.Request) ? report.Entries.Values.Select(entry => entry.Description) : [];
        return context.Response.WriteAsync(string.Join('\n', reasons.Where(text => text is not null).Prepend($"{report.Status}")) + "\n");
    }
}
