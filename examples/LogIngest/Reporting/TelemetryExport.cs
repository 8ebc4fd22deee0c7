using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace LogIngest.Reporting;

/// <summary>Exports the meters of Zcrx and of this service, and the activities of Zcrx, by OTLP while the host runs.</summary>
/// <remarks>
/// OpenTelemetry's own environment variables set target, protocol and interval: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL,
/// OTEL_METRIC_EXPORT_INTERVAL, OTEL_SERVICE_NAME and so on. With the package OpenTelemetry.Extensions.Hosting,
/// <c>services.AddOpenTelemetry().WithMetrics(…).WithTracing(…)</c> replaces this class.
/// </remarks>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics = Sdk.CreateMeterProviderBuilder().AddMeter("Zcrx", IngestMetrics.MeterName).AddOtlpExporter().Build();
        _traces = Sdk.CreateTracerProviderBuilder().AddSource("Zcrx").AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    // Exports the remaining measurements and activities.
    public void Dispose()
    {
        Interlocked.Exchange(ref _metrics, null)?.Dispose();
        Interlocked.Exchange(ref _traces, null)?.Dispose();
    }
}
