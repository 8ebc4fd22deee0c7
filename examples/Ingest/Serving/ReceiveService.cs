using System.Net;
using Ingest.Display;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Represents the receiving service, which is an ordinary host with Zcrx.</summary>
internal sealed class ReceiveService : IAsyncDisposable
{
    // The time after the drain in which the host may close files, rings and sockets.
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

    /// <summary>Starts the service. When this method returns, the service accepts connections.</summary>
    /// <param name="options">The options.</param>
    /// <param name="accept">Called with every connection on a ring thread. It must subscribe to the buffers.</param>
    /// <param name="configure">Sets options that the command line does not offer, or null.</param>
    public static async Task<ReceiveService> StartAsync(ReceiveOptions options, Func<ZcrxConnection, IDisposable> accept, Action<ZcrxOptions>? configure = null)
    {
        // The builder reads no settings files and no environment variables, because the command line is the only source of settings.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        LineLoggerProvider log = new(Console.Error);
        // Logs warnings and takeovers only. An operator who replaces a service wants to see which process took over.
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

        // Errors during the start are thrown, and the caller reports them. From now on, the log reports errors.
        log.Enabled = true;
        return new ReceiveService(host);
    }

    /// <summary>Returns the status of queues and listeners. After the stop, returns their last status.</summary>
    public Task<ZcrxStatus> GetStatusAsync() => _zcrx.GetStatusAsync();

    /// <summary>Stops accepting, delivers the received bytes and closes everything.</summary>
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
