using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>
/// Runs as a separate process with two queues and a consumer that echoes. The first byte of the first connection blocks the consumer and
/// its ring thread forever. Prints the health code of the stuck queue, and the queue of each connection.
/// </summary>
internal static class StuckServer
{
    public const string Argument = "stuck-server";
    public const string Blocked = "blocked";
    public const string Reported = "queue_stuck:";

    public static readonly TimeSpan HostTimeout = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync()
    {
        using ManualResetEventSlim never = new();
        int connections = 0;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = HostTimeout);
        builder.Services.AddZcrx(zcrx => zcrx
            .UseEngine(ZcrxEngine.Emulated)
            .AddQueues(2, 1.MiB())
            .Listen("127.0.0.1:0", connection =>
            {
                bool blocks = Interlocked.Increment(ref connections) == 1;
                return connection.Buffers.Subscribe(buffer =>
                {
                    if (blocks)
                    {
                        Console.WriteLine($"{Blocked} {connection.QueueName}");
                        never.Wait();
                    }

                    Console.WriteLine(connection.QueueName);
                    _ = connection.SendAsync(buffer.Span.ToArray()).AsTask();
                });
            }));
        builder.Services.AddHealthChecks().AddZcrx();
        using IHost host = builder.Build();
        await host.StartAsync();
        Console.WriteLine($"{PoolServer.Ready} {host.Services.GetRequiredService<IZcrx>().EndPoints[0]}");
        _ = ReportAsync(host.Services.GetRequiredService<HealthCheckService>());
        await host.WaitForShutdownAsync();
        Console.WriteLine(PoolServer.Stopped);
        return 0;
    }

    private static async Task ReportAsync(HealthCheckService health)
    {
        using PeriodicTimer interval = new(TimeSpan.FromMilliseconds(50));
        while (await interval.WaitForNextTickAsync())
        {
            HealthReport report = await health.CheckHealthAsync();
            if (report.Entries["zcrx"].Data.TryGetValue("reasons", out object? reasons) &&
                ((IEnumerable<string>)reasons).FirstOrDefault(static reason => reason.StartsWith(Reported, StringComparison.Ordinal)) is { } stuck)
            {
                Console.WriteLine(stuck);
                return;
            }
        }
    }
}
