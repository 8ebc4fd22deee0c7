using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Forwards connections to another server, in both directions, on its own queue.</summary>
internal sealed partial class TcpProxy(IPEndPoint listen, DnsEndPoint target, ILogger<TcpProxy> logger) : IHostedService
{
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    private ZcrxQueue? _queue;

    public static void Add(IServiceCollection services, string listen, string target)
    {
        int colon = target.LastIndexOf(':');
        DnsEndPoint server = new(target[..colon].Trim('[', ']'), int.Parse(target.AsSpan(colon + 1), provider: null));
        services.AddHostedService(provider => new TcpProxy(IPEndPoint.Parse(listen), server, provider.GetRequiredService<ILogger<TcpProxy>>()));
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions(), cancellationToken);
        _queue.ConsumerFaults.Subscribe(fault => Failed(logger, fault.Connection?.RemoteEndPoint, fault.Exception.Message));
        ZcrxListener listener = _queue.Listen(listen, ServeAsync);
        Forwarding(logger, listener.EndPoint, target);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _queue?.StopAsync(Drain) ?? Task.CompletedTask;

    private async Task ServeAsync(ZcrxConnection client, CancellationToken token)
    {
        using ZcrxConnection server = await _queue!.ConnectAsync(target, token);
        await client.RelayAsync(server, token);
    }

    [LoggerMessage(1, LogLevel.Information, "Forwarding from {EndPoint} to {Target}.")]
    private static partial void Forwarding(ILogger logger, IPEndPoint endPoint, DnsEndPoint target);

    [LoggerMessage(2, LogLevel.Warning, "Could not forward for {Client}: {Reason}")]
    private static partial void Failed(ILogger logger, EndPoint? client, string reason);
}
