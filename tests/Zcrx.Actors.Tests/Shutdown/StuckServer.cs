using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>Runs as a process of its own: a service with two queues, whose consumer blocks the ring thread for ever at the first byte.</summary>
internal static class StuckServer
{
    public const string Argument = "stuck-server";
    public const string Blocked = "blocked";

    public static readonly TimeSpan HostTimeout = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync()
    {
        using ManualResetEventSlim never = new();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = HostTimeout);
        builder.Services.AddZcrx(zcrx => zcrx
            .UseEngine(ZcrxEngine.Emulated)
            .AddQueues(2, 1.MiB())
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(_ =>
            {
                Console.WriteLine(Blocked);
                never.Wait();
            })));
        using IHost host = builder.Build();
        await host.StartAsync();
        Console.WriteLine($"{PoolServer.Ready} {host.Services.GetRequiredService<IZcrx>().EndPoints[0]}");
        await host.WaitForShutdownAsync();
        Console.WriteLine(PoolServer.Stopped);
        return 0;
    }
}
