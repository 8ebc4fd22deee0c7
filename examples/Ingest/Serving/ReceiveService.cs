using System.Net;
using System.Net.Sockets;
using Ingest.Commands;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>The receiving service.</summary>
internal sealed class ReceiveService : IAsyncDisposable
{
    private readonly Interruption _interruption = new();
    private readonly Socket _listener;
    private readonly List<ZcrxQueue> _queues = [];
    private readonly ReceiveOptions _options;

    private ReceiveService(ReceiveOptions options, Socket listener)
    {
        _options = options;
        _listener = listener;
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public CancellationToken Stopping => _interruption.Token;

    public static async Task<ReceiveService> StartAsync(ReceiveOptions options, Func<ZcrxConnection, IDisposable> accept)
    {
        ReceiveService service = new(options, ListenSocket.Bind(options.Listen));
        for (int i = 0; i < options.Queues; i++)
        {
            service._queues.Add(await ZcrxQueue.OpenAsync(
                new ZcrxQueueOptions { Name = $"zcrx-{i}", Engine = options.Engine, Interface = options.Interface, RxQueue = options.RxQueue + i, AreaSize = options.AreaSize }));
        }

        foreach (ZcrxQueue queue in service._queues)
        {
            _ = queue.Listen(service._listener).Subscribe(connection => accept(connection));
        }

        return service;
    }

    public Task<ZcrxStatus> GetStatusAsync() => Task.FromResult(new ZcrxStatus
    {
        State = ZcrxState.Running,
        Time = TimeProvider.System.GetUtcNow(),
        Queues = [.. _queues.Select(queue => new QueueStatus { Name = queue.Name, State = QueueState.Open, Engine = queue.Engine, Statistics = queue.Snapshot() })],
    });

    public Task StopAsync() => Task.WhenAll(_queues.Select(queue => queue.StopAsync(_options.Drain)));

    public async ValueTask DisposeAsync()
    {
        foreach (ZcrxQueue queue in _queues)
        {
            await queue.DisposeAsync();
        }

        _listener.Dispose();
        _interruption.Dispose();
    }
}
