using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Support;

/// <summary>A host with Zcrx on the emulated engine, and clients to it.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TestHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IZcrx Zcrx => Services.GetRequiredService<IZcrx>();

    public LogRecorder Log => Services.GetRequiredService<LogRecorder>();

    public ActorSystem System => Services.GetRequiredService<ZcrxService>().System!;

    public IReadOnlyList<QueueSlot> Queues => Services.GetRequiredService<ZcrxService>().Runtime!.Queues;

    public static TestHost Build(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null) =>
        BuildPlain(zcrx => configure(zcrx.UseEngine(ZcrxEngine.Emulated).Configure(static options => options.Restart.MinBackoff = TimeSpan.FromMilliseconds(5))), before, after);

    public static TestHost BuildPlain(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null)
    {
        // Empty: nothing of the machine's environment, and no console log.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        LogRecorder log = new();
        builder.Services.AddSingleton(log);
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.Services.AddMetrics();
        before?.Invoke(builder.Services);
        builder.Services.AddZcrx(configure);
        after?.Invoke(builder.Services);
        return new TestHost(builder.Build());
    }

    /// <summary>With nothing said but the engine.</summary>
    public static Task<TestHost> StartPlainAsync(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null) =>
        StartAsync(BuildPlain(zcrx => configure(zcrx.UseEngine(ZcrxEngine.Emulated)), before));

    public static Task<TestHost> StartAsync(Action<ZcrxBuilder> configure, Action<IServiceCollection>? before = null, Action<IServiceCollection>? after = null) => StartAsync(Build(configure, before, after));

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

    /// <summary>Lets a queue's ring thread die.</summary>
    public void Crash(string queue, Exception? cause = null) => Queues.Single(slot => slot.Name == queue).Current!.Crash(cause ?? new CrashException());

    /// <summary>Restarts a queue as planned; it is open again.</summary>
    public async Task<QueueStatus> RestartAsync(string queue, TimeSpan? drain = null, bool registerAnew = false) =>
        Assert.IsType<ZcrxReply.Restarted>(await Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(queue, drain, registerAnew)).WithinLimit()).Queue;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
