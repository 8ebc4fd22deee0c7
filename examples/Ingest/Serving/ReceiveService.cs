using System.Net;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>The receiving service.</summary>
internal sealed class ReceiveService : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly List<ZcrxQueue> _queues = [];
    private readonly ReceiveOptions _options;

    private ReceiveService(ReceiveOptions options, Socket listener)
    {
        _options = options;
        _listener = listener;
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public string Engine => _queues[0].Engine.ToString();

    public Task Completion => Task.WhenAny(_queues.Select(queue => queue.Completion));

    public static async Task<ReceiveService> StartAsync(ReceiveOptions options, Func<ZcrxConnection, IDisposable> accept, CancellationToken cancellationToken)
    {
        ReceiveService service = new(options, ListenSocket.Bind(options.Listen));
        for (int i = 0; i < options.Queues; i++)
        {
            service._queues.Add(await ZcrxQueue.OpenAsync(
                new ZcrxQueueOptions { Name = $"zcrx-{i}", Engine = options.Engine, Interface = options.Interface, RxQueue = options.RxQueue + i, AreaSize = options.AreaSize },
                cancellationToken));
        }

        foreach (ZcrxQueue queue in service._queues)
        {
            _ = queue.Listen(service._listener).Subscribe(connection => accept(connection));
        }

        return service;
    }

    public IReadOnlyList<QueueStatistics> Snapshot() => [.. _queues.Select(queue => queue.Snapshot())];

    public async Task<IReadOnlyList<QueueStatistics>> StopAsync()
    {
        await Task.WhenAll(_queues.Select(queue => queue.StopAsync(_options.Drain)));
        return Snapshot();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ZcrxQueue queue in _queues)
        {
            await queue.DisposeAsync();
        }

        _listener.Dispose();
    }
}
