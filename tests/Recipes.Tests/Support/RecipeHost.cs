using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;

namespace Recipes.Tests.Support;

/// <summary>Runs a recipe in the test process, with the configuration that its program has.</summary>
internal sealed class RecipeHost : IAsyncDisposable
{
    public const string AnyPort = "127.0.0.1:0";

    private readonly IHost _host;
    private readonly LogCollector _log;

    private RecipeHost(IHost host, LogCollector log)
    {
        _host = host;
        _log = log;
    }

    public IServiceProvider Services => _host.Services;

    /// <summary>Gets the addresses on which the recipe listens, in the order of its listeners.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => _host.Services.GetRequiredService<IZcrx>().EndPoints;

    /// <summary>Gets the log messages of level Warning and above.</summary>
    public IReadOnlyList<string> Problems => _log.Problems;

    public static async Task<RecipeHost> StartAsync(Action<IServiceCollection> add)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        LogCollector log = new();
        builder.Logging.ClearProviders().AddProvider(log);
        add(builder.Services);
        IHost host = builder.Build();
        await host.StartAsync().Within("the recipe starts");
        return new RecipeHost(host, log);
    }

    /// <summary>Waits for a log line that starts with a text.</summary>
    public async Task<string> LineAsync(string start)
    {
        string? line = null;
        await Deadline.UntilAsync(() => (line = _log.Lines.FirstOrDefault(logged => logged.StartsWith(start, StringComparison.Ordinal))) is not null, $"'{start}' is logged");
        return line!;
    }

    /// <summary>Waits until every connection has ended.</summary>
    public async Task NoConnectionsAsync()
    {
        IZcrx zcrx = _host.Services.GetRequiredService<IZcrx>();
        await Deadline.UntilAsync(async () => (await zcrx.GetStatusAsync()).Listeners.Sum(static listener => listener.Connections) == 0, static () => "no connection is left");
    }

    /// <summary>Waits until no queue has a buffer in flight.</summary>
    public async Task NoLeasesAsync()
    {
        IZcrx zcrx = _host.Services.GetRequiredService<IZcrx>();
        await Deadline.UntilAsync(
            async () => (await zcrx.GetStatusAsync()).Queues.All(static queue => queue.Statistics is { BuffersOut: 0 }), static () => "no buffer is in flight");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync().Within("the recipe stops");
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
