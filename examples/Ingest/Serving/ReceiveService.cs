using System.Net;
using Ingest.Display;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Represents the receiving service: a host with Zcrx, as in any service.</summary>
internal sealed class ReceiveService : IAsyncDisposable
{
    // The time that the host may take beyond the drain, to close files, rings and sockets.
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

    /// <summary>Gets the pressure of the pools.</summary>
    public IObservable<PoolPressure> Pressure => _zcrx.Pressure;

    /// <summary>Gets a token that SIGINT and SIGTERM cancel.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Starts the service. Once this method has returned, connections are accepted.</summary>
    /// <param name="options">The options.</param>
    /// <param name="accept">Called with every connection on a ring thread. It must subscribe to the buffers.</param>
    /// <param name="configure">Sets options that the command line does not have, or null.</param>
    public static async Task<ReceiveService> StartAsync(ReceiveOptions options, Func<ZcrxConnection, IDisposable> accept, Action<ZcrxOptions>? configure = null)
    {
        // The command line has all settings: no settings files, no environment.
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

        // Errors during the start are thrown, and reported once. From now on, only the log reports them.
        log.Enabled = true;
        return new ReceiveService(host);
    }

    /// <summary>Returns the status of queues and listeners, or their last status after the stop.</summary>
    public Task<ZcrxStatus> GetStatusAsync() => _zcrx.GetStatusAsync();

    /// <summary>Stops accepting, delivers what has arrived and closes everything.</summary>
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
