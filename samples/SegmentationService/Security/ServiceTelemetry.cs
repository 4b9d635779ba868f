using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace SegmentationService.Security;

/// <summary>Metrics for Prometheus at /metrics and, if the usual variable OTEL_EXPORTER_OTLP_ENDPOINT names a collector, metrics and traces for that.</summary>
internal static class ServiceTelemetry
{
    private const string Source = "PermutedSegmentation";

    private static readonly string[] Meters = [Source, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    public static void AddServiceTelemetry(this WebApplicationBuilder builder)
    {
        // From the beginning, and not from the first time that somebody asks.
        Prometheus.Metrics.SuppressDefaultMetrics(new Prometheus.SuppressDefaultMetricOptions { SuppressMeters = true });
        Prometheus.MeterAdapter.StartListening(new Prometheus.MeterAdapterOptions { InstrumentFilterPredicate = instrument => Meters.Contains(instrument.Meter.Name) });
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddOtlpExporter())
            .WithTracing(traces => traces.AddSource(Source, "Microsoft.AspNetCore").AddOtlpExporter());
    }
}
