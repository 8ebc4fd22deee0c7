using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Queues;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Queues;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents a host with Zcrx on the emulated engine, and connects clients to it.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;
    private HostKit? _kit;

    private TestHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IZcrx Zcrx => Services.GetRequiredService<IZcrx>();

    public LogRecorder Log => Services.GetRequiredService<LogRecorder>();

    public ActorSystem System => Services.GetRequiredService<ZcrxService>().System!;

    /// <summary>Gets the TestKit over the actor system. Available once the host has started.</summary>
    public HostKit Kit => _kit ??= new HostKit(System);

    /// <summary>Gets the last snapshots of the queues.</summary>
    public IReadOnlyList<QueueSnapshot> Queues => [.. Services.GetRequiredService<ZcrxService>().Tree!.Queues.Select(static queue => queue.Value)];

    public static TestHost Build(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null) =>
        BuildPlain(zcrx => configure(Emulated(zcrx)), before, after);

    public static TestHost BuildPlain(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null) => Build(services =>
    {
        before?.Invoke(services);
        services.AddZcrx(configure);
        after?.Invoke(services);
        if (services.Count(static service => service.ServiceType == typeof(ActorSystem)) == 1 && services.Any(static service => service.ServiceType == typeof(AkkaConfigurationBuilder)))
        {
            // Replaces the actor system that AddZcrx adds by default, because that one accepts no HOCON.
            services.AddAkka("zcrx", static akka => Strict(akka));
        }
    });

    /// <summary>Combines Zcrx with an actor system of Akka.Hosting.</summary>
    public static TestHost Build(Wiring wiring, string systemName, Action<ZcrxBuilder> configure, Action<AkkaConfigurationBuilder>? akka = null, Action<IServiceCollection>? add = null) => Build(services =>
    {
        add?.Invoke(services);
        void ConfigureAkka(AkkaConfigurationBuilder builder)
        {
            akka?.Invoke(builder);
            Strict(builder);
        }

        switch (wiring)
        {
            case Wiring.ZcrxFirst:
                services.AddZcrx(Configure).AddAkka(systemName, ConfigureAkka);
                break;
            case Wiring.AkkaFirst:
                services.AddAkka(systemName, ConfigureAkka).AddZcrx(Configure);
                break;
            case Wiring.WithZcrx:
                services.AddZcrx().AddAkka(systemName, AkkaWithZcrx);
                break;
            case Wiring.WithZcrxFirst:
                services.AddAkka(systemName, AkkaWithZcrx).AddZcrx();
                break;
            case Wiring.Both:
                services.AddAkka(systemName, AkkaWithZcrx).AddZcrx(static zcrx => zcrx.UseEngine(ZcrxEngine.Emulated));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(wiring));
        }

        void Configure(ZcrxBuilder zcrx) => configure(Emulated(zcrx));

        void AkkaWithZcrx(AkkaConfigurationBuilder builder)
        {
            ConfigureAkka(builder);
            builder.WithZcrx(Configure);
        }
    });

    /// <summary>Starts a host with default options, apart from the emulated engine.</summary>
    public static Task<TestHost> StartPlainAsync(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null) =>
        StartAsync(BuildPlain(zcrx => configure(zcrx.UseEngine(ZcrxEngine.Emulated)), before));

    public static Task<TestHost> StartAsync(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null) => StartAsync(Build(configure, before, after));

    private static void Strict(AkkaConfigurationBuilder akka) => akka
        .AddHocon(TestKitConfig.Strict, HoconAddMode.Append)
        .ConfigureLoggers(static logging =>
        {
            logging.ClearLoggers().AddLoggerFactory();
            logging.LogLevel = global::Akka.Event.LogLevel.WarningLevel;
        });

    private static ZcrxBuilder Emulated(ZcrxBuilder zcrx) =>
        zcrx.UseEngine(ZcrxEngine.Emulated).Configure(static options => options.Restart.MinBackoff = TimeSpan.FromMilliseconds(5));

    /// <summary>Builds a host with the services that <paramref name="add"/> registers.</summary>
    public static TestHost Build(Action<IServiceCollection> add)
    {
        // The empty builder ignores the environment of the machine, and has no console log.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        LogRecorder log = new();
        builder.Services.AddSingleton(log);
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.Services.AddMetrics();
        add(builder.Services);
        return new TestHost(builder.Build());
    }

    private static async Task<TestHost> StartAsync(TestHost host)
    {
        try
        {
            await host.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public Task StartAsync() => _host.StartAsync().WithinLimit();

    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken).WithinLimit();

    public async Task<Socket> ConnectAsync(int listener = 0)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Zcrx.EndPoints[listener].Port)).WithinLimit();
        return socket;
    }

    /// <summary>Ends the ring thread of a queue with an exception.</summary>
    public void Crash(string queue, Exception? cause = null) => Queues.Single(slot => slot.Name == queue).Current!.Crash(cause ?? new CrashException());

    /// <summary>Changes the options for the next opening of a queue.</summary>
    public async Task ReconfigureAsync(int queue, Func<ZcrxQueueOptions, ZcrxQueueOptions> change)
    {
        IActorRef supervisor = await System.ActorSelection(Zcrx.Supervisor.Path / $"queue-{queue}").ResolveOne(Eventually.Limit);
        await supervisor.Ask<QueueMessage.Reconfigured>(new QueueMessage.Reconfigure(Services.GetRequiredService<ZcrxService>().Tree!.Options.Value, change(Queues[queue].Options))).WithinLimit();
    }

    /// <summary>
    /// Moves a connection to a queue, unless it is already there. Retries while the service places the new connection, because the command
    /// then fails with <see cref="ZcrxFailure.Busy"/>.
    /// </summary>
    public async Task MoveAsync(ZcrxConnection connection, string queue)
    {
        ZcrxReply? reply = null;
        await Eventually.TrueAsync(
            async () =>
            {
                reply = await Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.MoveConnection(connection.Id, queue)).WithinLimit();
                return reply is not ZcrxReply.Failed { Reason: ZcrxFailure.Busy };
            },
            "the connection can be moved");
        Assert.True(reply is ZcrxReply.Moved, $"{reply}");
    }

    /// <summary>Restarts a queue by a command, and waits until it is open again.</summary>
    public async Task<QueueStatus> RestartAsync(string queue, TimeSpan? drain = null, bool registerAnew = false) =>
        Assert.IsType<ZcrxReply.Restarted>(await Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(queue, drain, registerAnew)).WithinLimit()).Queue;

    public async ValueTask DisposeAsync()
    {
        QueueLoop[] queues = [.. (Services.GetService<ZcrxService>()?.Tree?.Queues ?? []).Select(static queue => queue.Value.Current?.Loop).OfType<QueueLoop>()];
        _kit?.Dispose();
        await StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        await Eventually.TrueAsync(() => queues.All(IsEmpty), "the last queues leave no lease, copy, frame, ring or export");
    }

    private static bool IsEmpty(QueueLoop queue) =>
        (queue.Pool.Ledger.Leased, queue.Pool.Ledger.LiveCopies, queue.Host.Frames.Used, (queue.Engine.Kernel as EmulatedKernel)?.OpenDescriptors ?? 0) == (0, 0, 0, 0);
}
