using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace SegmentationService.Endpoints;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: requests are answered with the model and the key that are there now.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = Write });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = Write });
    }

    private static Task Write(HttpContext context, HealthReport report) =>
        context.Response.WriteAsync(string.Join('\n', report.Entries.Values.Select(entry => entry.Description).Where(text => text is not null).Prepend($"{report.Status}")) + "\n");
}
