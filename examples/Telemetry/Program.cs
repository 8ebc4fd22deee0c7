using Akka.Actor;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Telemetry;
using Zcrx.Actors;
using Zcrx.Rx;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// Before Zcrx: what is started first is stopped last, so that the last measurements are sent, too.
builder.Services.AddHostedService<TelemetryExport>();
builder.Services.AddZcrx(builder.Configuration, zcrx => zcrx
    .Configure(DemoNic.AddTo(builder.Configuration))
    .Handle(connection => connection.Buffers.Subscribe(static buffer => _ = buffer.Span.Length, static _ => { })));
builder.Services.AddHealthChecks().AddZcrx();

WebApplication app = builder.Build();
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("live"), ResponseWriter = HealthResponse.WriteAsync });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready"), ResponseWriter = HealthResponse.WriteAsync });
app.MapGet("/status", static async (IZcrx zcrx, CancellationToken cancellation) => StatusResponse.From(await zcrx.GetStatusAsync(cancellation)));
app.MapPost("/queues/{name}/restart", static async (string name, IZcrx zcrx) =>
{
    QueueStatus queue = await zcrx.Supervisor.Ask<QueueStatus>(new ZcrxCommand.RestartQueue(name), TimeSpan.FromMinutes(1));
    return Results.Ok(new { queue.Name, State = queue.State.ToString(), queue.Restarts });
});
app.MapPost("/storm", static (IZcrx zcrx) => DemoNic.BeginStorm(zcrx.EndPoints[0].Port));
app.MapDelete("/storm", DemoNic.EndStorm);
app.Run();
