using Akka.Actor;
using Akka.Hosting;
using Akka.Pattern;
using LogIngest.Batching;
using LogIngest.Reporting;
using LogIngest.Settings;
using LogIngest.Storing;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Zcrx.Actors;
using Zcrx.AspNetCore;

namespace LogIngest.Service;

/// <summary>Composes the service.</summary>
internal static class LogIngestService
{
    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["--store"] = "LogIngest:Store",
        ["--connection-string"] = "LogIngest:ConnectionString",
        ["--directory"] = "LogIngest:Directory",
        ["--bad-input"] = "LogIngest:BadInput",
        ["--listen"] = "Zcrx:Listeners:0:EndPoint",
    };

    /// <summary>Creates the service from the configuration and the command line.</summary>
    /// <param name="args">
    /// The command line: <c>--store file</c>, or any key of the configuration, such as <c>--LogIngest:Writers 4</c>.
    /// </param>
    /// <param name="zcrx">Configures Zcrx further, for tests.</param>
    /// <param name="services">Replaces services, for tests.</param>
    public static WebApplication Create(string[] args, Action<ZcrxBuilder>? zcrx = null, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCommandLine(args, Switches);
        builder.Services.AddOptions<LogIngestOptions>()
            .BindConfiguration(LogIngestOptions.SectionName, static binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IngestMetrics>();
        builder.Services.AddSingleton<StoreCondition>();
        builder.Services.AddSingleton<ILogStores, StoreFactory>();
        builder.Services.AddSingleton<WriterDirectory>();
        // The export is added before Zcrx. The host stops services in reverse order, so the last measurements of Zcrx are exported, too.
        builder.Services.AddHostedService<TelemetryExport>();
        builder.Services.AddZcrx();
        builder.Services.AddAkka("log-ingest", (akka, provider) => akka
            .ConfigureLoggers(static logging => logging.ClearLoggers().AddLoggerFactory())
            // The writers are started here, because the ports open after this callback has completed.
            .WithActors(async (system, _, resolver) =>
            {
                // Restarts the supervisor after any failure. By default, Akka stops an actor that was killed.
                BackoffOptions supervisor = Backoff.OnStop(resolver.Props<WriterSupervisor>(), "writers", TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0.2, maxNrOfRetries: -1);
                system.ActorOf(BackoffSupervisor.Props(supervisor.WithSupervisorStrategy(new OneForOneStrategy(static _ => Directive.Restart))), "ingest");
                await provider.GetRequiredService<WriterDirectory>().Ready;
            })
            .WithZcrx(builder.Configuration, options =>
            {
                options.Handle<SyslogConnection>("syslog");
                zcrx?.Invoke(options);
            }));
        // Prometheus scrapes the same instruments that OTLP exports.
        builder.Services.AddSingleton(static _ => Sdk.CreateMeterProviderBuilder().AddMeter("Zcrx", IngestMetrics.MeterName).AddPrometheusExporter().Build());
        services?.Invoke(builder.Services);
        builder.Services.AddHealthChecks().AddZcrx().AddCheck<StoreHealthCheck>("store", tags: ["ready"]);

        WebApplication app = builder.Build();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("live") });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready"), ResponseWriter = HealthResponse.WriteAsync });
        // For viewers on this machine. A service that other machines can reach calls RequireAuthorization() instead.
        app.MapZcrxDashboard("/zcrx", static dashboard => dashboard.AllowAnonymousOnLoopback = true);
        app.MapPrometheusScrapingEndpoint();
        app.MapGet("/status", static async (IZcrx zcrx, IngestMetrics metrics, StoreCondition condition, CancellationToken cancellation) =>
            IngestStatus.From(await zcrx.GetStatusAsync(cancellation), metrics, condition));
        return app;
    }
}
