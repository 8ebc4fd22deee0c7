using System.Net;
using Akka.Actor;
using LogIngest.Batching;
using LogIngest.Reporting;
using LogIngest.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors;

namespace LogIngest.Tests.Support;

/// <summary>Runs the service inside the test process, where a test can read its counters and reach its actors.</summary>
internal sealed class ServiceHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServiceHost(WebApplication app) => _app = app;

    public IPEndPoint EndPoint => _app.Services.GetRequiredService<IZcrx>().EndPoints["syslog"];

    public IngestMetrics Metrics => _app.Services.GetRequiredService<IngestMetrics>();

    public WriterDirectory Writers => _app.Services.GetRequiredService<WriterDirectory>();

    public IZcrx Zcrx => _app.Services.GetRequiredService<IZcrx>();

    public ActorSystem ActorSystem => _app.Services.GetRequiredService<ActorSystem>();

    public static async Task<ServiceHost> StartAsync(string[] arguments, Action<ZcrxBuilder>? zcrx = null, Action<IServiceCollection>? services = null)
    {
        ServiceHost host = new(LogIngestService.Create(
            ["--listen", "127.0.0.1:0", "--Urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Warning", "--Zcrx:Engine", "emulated", .. arguments], zcrx, services));
        try
        {
            await host._app.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async Task<IngestStatus> GetStatusAsync() => IngestStatus.From(await Zcrx.GetStatusAsync(), Metrics, _app.Services.GetRequiredService<StoreCondition>());

    /// <summary>Returns the result of one health check.</summary>
    public async Task<HealthReportEntry> GetHealthAsync(string check) =>
        (await _app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(registration => registration.Name == check)).Entries[check];

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
