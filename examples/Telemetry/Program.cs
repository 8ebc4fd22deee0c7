using Akka.Actor;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Telemetry;
using Zcrx.Actors;
using Zcrx.AspNetCore;
using Zcrx.Rx;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
DemoNic? demo = DemoNic.From(builder.Configuration);
bool httpOverZcrx = builder.Configuration.GetValue("HttpOverZcrx", true);

// The export is added before Zcrx. The host stops services in reverse order, so the last measurements of Zcrx are exported, too.
builder.Services.AddHostedService<TelemetryExport>();
builder.Services.AddZcrx(builder.Configuration, zcrx => zcrx
    .Configure(options => demo?.AddTo(options))
    .Handle(connection => connection.Buffers.Subscribe(static buffer => _ = buffer.Span.Length, static _ => { })));
if (httpOverZcrx)
{
    // Kestrel's ports share the queues with the listeners above. HttpOverZcrx=false keeps them on Kestrel's own transport.
    builder.WebHost.UseZcrx();
}

builder.Services.AddHealthChecks().AddZcrx();
builder.Services.AddAntiforgery();
// Prometheus scrapes the same instruments that OTLP exports.
builder.Services.AddSingleton(static _ => Sdk.CreateMeterProviderBuilder().AddMeter("Zcrx").AddPrometheusExporter().Build());

WebApplication app = builder.Build();
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("live"), ResponseWriter = HealthResponse.WriteAsync });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready"), ResponseWriter = HealthResponse.WriteAsync });
app.MapGet("/status", static async (IZcrx zcrx, CancellationToken cancellation) => StatusResponse.From(await zcrx.GetStatusAsync(cancellation)));
app.MapPrometheusScrapingEndpoint();
// Open http://127.0.0.1:8080/zcrx in a browser. A service that other machines can reach calls RequireAuthorization() instead.
app.MapZcrxDashboard("/zcrx", static dashboard => dashboard.AllowAnonymousOnLoopback = true).MapCommands();
RouteGroupBuilder changes = app.MapGroup("").AddEndpointFilter<RouteGroupBuilder, LocalRequests>();
changes.MapPost("/queues/{name}/restart", static async (string name, IZcrx zcrx) => await zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(name), TimeSpan.FromMinutes(1)) switch
{
    ZcrxReply.Restarted { Queue: var queue } => Results.Ok(new { queue.Name, State = queue.State.ToString(), queue.Restarts }),
    ZcrxReply.Failed { Reason: ZcrxFailure.NoSuchQueue } failed => Results.NotFound(failed.Message),
    ZcrxReply.Failed failed => Results.Problem(failed.Message, statusCode: StatusCodes.Status503ServiceUnavailable),
    _ => Results.StatusCode(StatusCodes.Status500InternalServerError),
});
demo?.Map(changes, httpOverZcrx);
app.Run();
