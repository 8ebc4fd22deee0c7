using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Zcrx in an actor system that Akka.Hosting creates, starts and ends.</summary>
public class AkkaHostingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Zcrx_runs_in_the_one_actor_system_and_ends_in_order_with_it(bool akkaFirst)
    {
        const int Sent = 200_000;
        Sink sink = new();
        using IHost host = Build(akkaFirst, zcrx => zcrx.Listen("127.0.0.1:0", sink.Handle));
        // Before the start, as any actor may be that is created by WithActors.
        ActorSystem system = host.Services.GetRequiredService<ActorSystem>();
        using TestKit kit = new(system);
        TestProbe probe = kit.CreateTestProbe();
        system.EventStream.Subscribe(probe.Ref, typeof(ZcrxEvent));

        await host.StartAsync().WaitAsync(Limit);

        IZcrx zcrx = host.Services.GetRequiredService<IZcrx>();
        Assert.Equal("akka://ours/user/zcrx", zcrx.Supervisor.Path.ToString());
        Assert.Equal("emulated", probe.FishForMessage<ZcrxEvent.QueueOpened>(static _ => true, Limit).Engine.Name);
        Assert.Equal(ZcrxState.Running, probe.FishForMessage<ZcrxEvent.Started>(static _ => true, Limit).Status.State);
        using Socket client = await SendAsync(zcrx.EndPoints[0], Sent);
        probe.FishForMessage<ZcrxEvent.ConnectionOpened>(static _ => true, Limit);

        await host.StopAsync().WaitAsync(Limit);

        Assert.Equal(Sent, sink.Bytes);
        Assert.IsType<ZcrxStreamException>(await sink.Ended.WaitAsync(Limit));
        Assert.Equal(ZcrxState.Stopped, (await zcrx.GetStatusAsync()).State);
        await system.WhenTerminated.WaitAsync(Limit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CoordinatedShutdown_drains(bool akkaFirst)
    {
        const int Sent = 200_000;
        Sink sink = new();
        using IHost host = Build(akkaFirst, zcrx => zcrx.Listen("127.0.0.1:0", sink.Handle));
        await host.StartAsync().WaitAsync(Limit);
        IZcrx zcrx = host.Services.GetRequiredService<IZcrx>();
        using Socket client = await SendAsync(zcrx.EndPoints[0], Sent);
        await sink.Accepted.WaitAsync(Limit);
        ActorSystem system = host.Services.GetRequiredService<ActorSystem>();

        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Limit);

        Assert.Equal(Sent, sink.Bytes);
        Assert.True(system.WhenTerminated.IsCompleted);
        Assert.Equal(ZcrxState.Stopped, (await zcrx.GetStatusAsync()).State);
        // And the host finds nothing left to do.
        await host.StopAsync().WaitAsync(Limit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Options_come_through_both_and_what_is_said_as_an_option_wins(bool akkaFirst)
    {
        using IHost host = Build(
            akkaFirst,
            static _ => { },
            "zcrx { actor-name = receiver, drain-timeout = 3s, restart { max-restarts = 4, min-backoff = 2s } }",
            new KeyValuePair<string, string?>("Zcrx:Restart:MaxRestarts", "7"));
        await host.StartAsync().WaitAsync(Limit);

        ZcrxOptions options = host.Services.GetRequiredService<IOptions<ZcrxOptions>>().Value;
        Assert.Equal((7, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)), (options.Restart.MaxRestarts, options.Restart.MinBackoff, options.DrainTimeout));
        Assert.Equal("akka://ours/user/receiver", host.Services.GetRequiredService<IZcrx>().Supervisor.Path.ToString());
        await host.StopAsync().WaitAsync(Limit);
    }

    private static IHost Build(bool akkaFirst, Action<ZcrxBuilder> configure, string hocon = "", params KeyValuePair<string, string?>[] values)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(values);
        if (!akkaFirst)
        {
            AddZcrx();
        }

        builder.Services.AddAkka("ours", akka => akka
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(TestKit.DefaultConfig, HoconAddMode.Append));
        if (akkaFirst)
        {
            AddZcrx();
        }

        return builder.Build();

        void AddZcrx() => builder.Services.AddZcrx(builder.Configuration, zcrx => configure(zcrx.UseEngine(ZcrxEngine.Emulated)));
    }

    private static async Task<Socket> SendAsync(EndPoint endPoint, int count)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint).WaitAsync(Limit);
        byte[] bytes = new byte[count];
        for (int sent = 0; sent < count;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Limit);
        }

        return socket;
    }

    /// <summary>A handler that counts.</summary>
    private sealed class Sink
    {
        private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _bytes;

        public long Bytes => Volatile.Read(ref _bytes);

        public Task Accepted => _accepted.Task;

        public Task<Exception?> Ended => _ended.Task;

        public IDisposable Handle(ZcrxConnection connection)
        {
            IDisposable subscription = connection.Buffers.Subscribe(
                buffer => Interlocked.Add(ref _bytes, buffer.Length),
                error => _ended.TrySetResult(error),
                () => _ended.TrySetResult(null));
            _accepted.TrySetResult();
            return subscription;
        }
    }
}
