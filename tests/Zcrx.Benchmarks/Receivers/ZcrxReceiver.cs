using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Receives with Zcrx as applications do. The queue has default options, and each connection has one subscription that reads borrowed
/// spans.
/// </summary>
internal sealed class ZcrxReceiver(ZcrxEngine engine, TimeSpan? spin = null) : IReceiver
{
    private ZcrxQueue? _queue;
    private Socket? _listener;
    private IDisposable? _accepting;
    private volatile bool _isClosing;

    public string Note
    {
        get
        {
            QueueStatistics statistics = _queue!.Snapshot();
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{statistics.BuffersReceived} buffers, {statistics.Flushes} flushes, {statistics.Rearms} re-arms, {statistics.CompletionOverflows} overflows");
        }
    }

    public async Task<int> StartAsync(Meter meter)
    {
        ZcrxQueueOptions options = new() { Engine = engine };
        _queue = await ZcrxQueue.OpenAsync(options with { SpinBeforeSleep = spin ?? options.SpinBeforeSleep });
        _listener = ListenSocket.Bind(LoopbackListener.AnyPort, new ZcrxListenOptions { Backlog = LoopbackListener.Backlog });
        _accepting = _queue.Listen(_listener).Subscribe(connection => connection.Buffers.Subscribe(new MeteringObserver(meter.Next(), this)));
        return ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        // The sender has not ended its streams. They now end with errors, which must be ignored.
        _isClosing = true;
        _accepting?.Dispose();
        if (_queue is not null)
        {
            await _queue.DisposeAsync();
        }

        _listener?.Dispose();
    }

    private sealed class MeteringObserver(ConnectionMeter meter, ZcrxReceiver receiver) : IObserver<ReceivedBuffer>
    {
        public void OnNext(ReceivedBuffer value) => meter.Count(value.Span);

        public void OnError(Exception error)
        {
            if (!receiver._isClosing)
            {
                Console.Error.WriteLine(error);
            }
        }

        public void OnCompleted()
        {
        }
    }
}
