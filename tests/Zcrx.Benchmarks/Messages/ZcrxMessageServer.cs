using System.Net;
using System.Net.Sockets;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with Zcrx. It answers inside OnNext, on the ring thread.</summary>
internal static class ZcrxMessageServer
{
    /// <param name="engine">The engine of the queue.</param>
    /// <param name="spin">The time for which the ring thread spins before it sleeps, or null for the default.</param>
    public static async Task<int> StartAsync(ZcrxEngine engine, TimeSpan? spin = null)
    {
        ZcrxQueueOptions options = new() { Engine = engine };
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(options with { SpinBeforeSleep = spin ?? options.SpinBeforeSleep });
        if (queue.Engine.Engine != engine)
        {
            throw new InvalidOperationException($"The engine {engine} is not available: {queue.Engine.Reason}");
        }

        Replies replies = new();
        Socket listener = ListenSocket.Bind(LoopbackListener.AnyPort, new ZcrxListenOptions { Backlog = LoopbackListener.Backlog });
        _ = queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(new Answering(connection, replies)));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>
    /// Provides memory for replies, which all connections of a ring thread share. This works because a send nearly always completes inside
    /// the call.
    /// </summary>
    private sealed class Replies
    {
        private byte[] _memory = [];

        public Memory<byte> Get(int length)
        {
            if (_memory.Length < length)
            {
                _memory = new byte[length];
            }

            return _memory;
        }

        /// <summary>Gives the current memory to a send that has not completed. The next reply gets new memory.</summary>
        public void Leave() => _memory = [];
    }

    private sealed class Answering(ZcrxConnection connection, Replies replies) : IObserver<ReceivedBuffer>
    {
        private readonly Exchange _exchange = new();

        public void OnNext(ReceivedBuffer value)
        {
            Memory<byte> memory = replies.Get(Exchange.LengthOfReplies(value.Length));
            int length = _exchange.Answer(value.Span, memory.Span);
            if (length == 0)
            {
                return;
            }

            ValueTask sending = connection.SendAsync(memory[..length]);
            if (!sending.IsCompletedSuccessfully)
            {
                replies.Leave();
                _ = EndAsync(sending);
            }
        }

        public void OnError(Exception error)
        {
            // The client may close or reset its connections.
        }

        public void OnCompleted()
        {
        }

        private static async Task EndAsync(ValueTask sending)
        {
            try
            {
                await sending;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The client has disconnected.
            }
        }
    }
}
