using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Akka.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>
/// Runs as a separate process. Its pool of actors handles frames slowly, and replies to each frame. It prints a line for each handled frame
/// and for each connection on which a reply failed.
/// </summary>
internal static class PoolServer
{
    public const string Argument = "pool-server";
    public const string Ready = "ready";
    public const string Stopping = "stopping";
    public const string Stopped = "stopped";
    public const string Handled = "handled";
    public const string Failed = "failed";

    /// <summary>The number of bytes of a frame: the number of the client, the number of the frame, and padding.</summary>
    public const int FrameLength = 200;
    public const int PrefixLength = sizeof(uint);
    public const int ReplyLength = sizeof(int);

    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(1);

    public static async Task<int> RunAsync()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddZcrx();
        builder.Services.AddAkka("pool", akka => akka
            .WithZcrx(static zcrx => zcrx
                .UseEngine(ZcrxEngine.Emulated)
                .AddQueues(1, 256.KiB())
                .DrainTimeout(DrainTimeout)
                .Listen("127.0.0.1:0", static (services, connection) => connection.Buffers
                    .Frames(LengthPrefix.UInt32BigEndian, maxLength: FrameLength)
                    .ToActor(services.GetRequiredService<IRequiredActor<Worker>>().ActorRef, maxUnacknowledged: 16)))
            .WithActors(static (system, registry, _) => registry.Register<Worker>(system.ActorOf(Props.Create(() => new Worker()).WithRouter(new RoundRobinPool(4)), "workers"))));
        using IHost host = builder.Build();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(static () => Console.WriteLine(Stopping));
        await host.StartAsync();
        Console.WriteLine($"{Ready} {host.Services.GetRequiredService<IZcrx>().EndPoints[0]}");
        await host.WaitForShutdownAsync();
        Console.WriteLine(Stopped);
        return 0;
    }

    private sealed class Worker : ReceiveActor
    {
        public Worker()
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            ReceiveAsync<ZcrxStream.Frame>(static async frame =>
            {
                try
                {
                    await HandleAsync(frame);
                }
                finally
                {
                    frame.Acknowledge();
                }
            });
            ReceiveAny(static _ => { });
        }

        private static async Task HandleAsync(ZcrxStream.Frame frame)
        {
            byte[] bytes = frame.Sequence.ToArray();
            int client = BinaryPrimitives.ReadInt32BigEndian(bytes);
            using PeriodicTimer work = new(Work);
            await work.WaitForNextTickAsync();
            Console.WriteLine($"{Handled} {client} {BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(sizeof(int)))}");
            try
            {
                await frame.Connection.SendAsync(bytes.AsMemory(sizeof(int), ReplyLength));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                Console.WriteLine($"{Failed} {client} {exception.Message.ReplaceLineEndings(" ")}");
            }
        }
    }
}
