using System.Net;
using Ingest.Display;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>The receiving service: a host with Zcrx in it, as any service has it.</summary>
internal sealed class ReceiveService : IAsyncDisposable
{
    // What the host may take beyond the drain: closing files, rings and sockets.
    private static readonly TimeSpan ShutdownMargin = TimeSpan.FromSeconds(15);

    private readonly IHost _host;
    private readonly IZcrx _zcrx;

    private ReceiveService(IHost host)
    {
        _host = host;
        _zcrx = host.Services.GetRequiredService<IZcrx>();
        Stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
    }

    /// <summary>Gets the endpoint that the service listens on, with the actual port.</summary>
    public IPEndPoint EndPoint => _zcrx.EndPoints[0];

    /// <summary>The pools' levels.</summary>
    public IObservable<PoolPressure> Pressure => _zcrx.Pressure;

    /// <summary>Cancelled by SIGINT and SIGTERM.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Starts; once this has returned, connections are accepted.</summary>
    /// <param name="options">How.</param>
    /// <param name="accept">Called with every connection on a ring's thread; subscribes to its buffers.</param>
    /// <param name="configure">Says what the options do not; null for nothing.</param>
    public static async Task<ReceiveService> StartAsync(ReceiveOptions options, Func<ZcrxConnection, IDisposable> accept, Action<ZcrxOptions>? configure = null)
    {
        // Everything is said on the command line: no settings files, no environment.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        LineLoggerProvider log = new(Console.Error);
        // Only warnings and takeovers: an operator who replaces a service wants to see which process took over.
        builder.Logging.AddProvider(log).AddFilter(level => level >= LogLevel.Information);
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain + ShutdownMargin);

        builder.Services.AddZcrx(zcrx =>
        {
            zcrx.UseEngine(options.Engine).DrainTimeout(options.Drain).Listen(options.Listen, accept);
            if (options.Takeover is { } path)
            {
                zcrx.Takeover(path, options.Linger);
            }

            _ = options.Interface is null
                ? zcrx.AddQueues(options.Queues, new ByteSize(options.AreaSize))
                : zcrx.AddQueues(options.Interface, options.RxQueue..(options.RxQueue + options.Queues), new ByteSize(options.AreaSize));
            _ = configure is null ? zcrx : zcrx.Configure(configure);
        });

        IHost host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            await DisposeAsync(host);
            throw;
        }

        // What goes wrong at the start is thrown, and said once; from now on the log is the only one who tells.
        log.Enabled = true;
        return new ReceiveService(host);
    }

    /// <summary>Returns the status of queues and listeners, or their last status after the stop.</summary>
    public Task<ZcrxStatus> GetStatusAsync() => _zcrx.GetStatusAsync();

    /// <summary>Accepts nothing more, delivers what has arrived, closes everything.</summary>
    public Task StopAsync() => _host.StopAsync();

    public ValueTask DisposeAsync() => DisposeAsync(_host);

    private static async ValueTask DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
    }
}
