using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Zcrx.Rx;
using Zcrx.Rx.Connections;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Measures how long it takes to pause and resume one connection. This includes cancelling its receive, handling the cancellation, and
/// issuing a receive again.
/// </summary>
/// <remarks>
/// The connections run over the emulated engine and receive nothing. All are paused and then all are resumed, as under pressure. They
/// therefore share the cost of waking the ring thread.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "BenchmarkDotNet calls Close, which disposes them.")]
public class PauseBenchmark
{
    private const int Connections = 64;

    private readonly List<Socket> _peers = [];
    private readonly List<ZcrxConnection> _connections = [];
    private ZcrxQueue _queue = null!;

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Close()
    {
        _queue.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _peers.ForEach(static peer => peer.Dispose());
    }

    [Benchmark(OperationsPerInvoke = Connections)]
    public void PauseAndResume()
    {
        foreach (ZcrxConnection connection in _connections)
        {
            connection.Pause();
        }

        Await(ReceiveState.Idle);
        foreach (ZcrxConnection connection in _connections)
        {
            connection.Resume();
        }

        Await(ReceiveState.Armed);
    }

    private void Await(ReceiveState state)
    {
        SpinWait spinner = default;
        foreach (ZcrxConnection connection in _connections)
        {
            while (connection.ReceiveState != state)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    private async Task OpenAsync()
    {
        _queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated });
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        for (int i = 0; i < Connections; i++)
        {
            Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await peer.ConnectAsync(listener.LocalEndPoint!);
            _peers.Add(peer);
            ZcrxConnection connection = await _queue.AttachAsync(await listener.AcceptAsync());
            _ = connection.Buffers.Subscribe(new CountingObserver());
            _connections.Add(connection);
        }

        Await(ReceiveState.Armed);
    }
}
