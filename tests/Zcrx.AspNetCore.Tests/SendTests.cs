using System.IO.Pipelines;
using System.Net.Sockets;
using Zcrx.AspNetCore.Kestrel;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Tests how the output of Kestrel is sent over a connection of a queue.</summary>
public sealed class SendTests
{
    [Fact]
    public async Task Flushes_until_the_send_runs_leave_together_and_in_order()
    {
        await using ConnectedPair pair = await ConnectedPair.OpenAsync();
        ManualScheduler sends = new();
        TransportSender sender = new(pair.Connection, sends, 64 << 10);

        await sender.Writer.WriteAsync("one "u8.ToArray()).AsTask().Within("the first flush");
        await sender.Writer.WriteAsync("two "u8.ToArray()).AsTask().Within("the second flush");
        await sender.Writer.WriteAsync("three"u8.ToArray()).AsTask().Within("the third flush");

        Assert.Equal(0, pair.Peer.Available);
        Assert.Equal(1, sends.RunAll());
        Assert.Equal("one two three", await pair.ReceiveAsync(13));
        await sender.Writer.CompleteAsync();
        Assert.Equal(1, sends.RunAll());
        await sender.Completion.Within("the sender ends");
        Assert.Equal("", await pair.ReceiveAsync(1));
    }

    [Fact]
    public async Task Flush_beyond_the_bound_waits_for_the_client_and_returns_completed_when_it_is_gone()
    {
        await using ConnectedPair pair = await ConnectedPair.OpenAsync();
        TransportSender sender = new(pair.Connection, PipeScheduler.ThreadPool, 1 << 10);
        byte[] bytes = new byte[64 << 10];
        ValueTask<FlushResult> flush = sender.Writer.WriteAsync(bytes);
        // Writes until the sockets of both sides are full, and a flush has to wait.
        await Deadline.UntilAsync(
            () =>
            {
                while (flush.IsCompleted)
                {
                    flush = sender.Writer.WriteAsync(bytes);
                }

                return !flush.IsCompleted;
            },
            "a flush waits");
        pair.Peer.LingerState = new LingerOption(true, 0);
        pair.Peer.Close();

        // A flush may still complete before the reset arrives.
        FlushResult result = await flush.AsTask().Within("the flush ends");
        while (!result.IsCompleted)
        {
            result = await sender.Writer.WriteAsync(bytes).AsTask().Within("the next flush ends");
        }

        await sender.Writer.CompleteAsync();
        await sender.Completion.Within("the sender ends without an error");
    }

    [Fact]
    public async Task Sends_of_many_threads_all_run_one_after_another()
    {
        SendScheduler scheduler = new();
        int running = 0;
        int overlaps = 0;
        int ran = 0;
        const int Count = 40_000;

        Parallel.For(0, Count, _ => scheduler.Schedule(
            _ =>
            {
                overlaps += Interlocked.Increment(ref running) - 1;
                ran++;
                Interlocked.Decrement(ref running);
            },
            null));

        await Deadline.UntilAsync(() => Volatile.Read(ref ran) == Count, () => $"{ran} of {Count} have run");
        Assert.Equal(0, overlaps);
    }

    private sealed class ManualScheduler : PipeScheduler
    {
        private readonly Queue<(Action<object?> Action, object? State)> _scheduled = new();

        public override void Schedule(Action<object?> action, object? state) => _scheduled.Enqueue((action, state));

        public int RunAll()
        {
            int count = _scheduled.Count;
            while (_scheduled.TryDequeue(out (Action<object?> Action, object? State) next))
            {
                next.Action(next.State);
            }

            return count;
        }
    }

    /// <summary>Represents a connection of a queue together with its peer.</summary>
    private sealed class ConnectedPair : IAsyncDisposable
    {
        private readonly ZcrxQueue _queue;

        private ConnectedPair(ZcrxQueue queue, ZcrxConnection connection, Socket peer) => (_queue, Connection, Peer) = (queue, connection, peer);

        public ZcrxConnection Connection { get; }

        public Socket Peer { get; }

        public static async Task<ConnectedPair> OpenAsync()
        {
            ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1 << 20 });
            TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            System.Net.IPEndPoint address = queue.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), (connection, token) =>
            {
                _ = token.Register(() => ended.TrySetResult());
                _ = connection.Buffers.Subscribe(static _ => { }, static _ => { });
                accepted.SetResult(connection);
                return ended.Task;
            }).EndPoint;
            Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
            await peer.ConnectAsync(address);
            return new ConnectedPair(queue, await accepted.Task.Within("the connection is accepted"), peer);
        }

        /// <summary>Receives this number of bytes, or fewer at the end of the stream, and returns them as text.</summary>
        public async Task<string> ReceiveAsync(int bytes)
        {
            byte[] received = new byte[bytes];
            int count = 0;
            while (count < bytes && await Peer.ReceiveAsync(received.AsMemory(count)).AsTask().Within("bytes arrive") is > 0 and var more)
            {
                count += more;
            }

            return System.Text.Encoding.ASCII.GetString(received, 0, count);
        }

        public async ValueTask DisposeAsync()
        {
            Peer.Dispose();
            Connection.Dispose();
            await _queue.DisposeAsync();
        }
    }
}
