using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>
/// Contains a queue on the emulated engine, one connection, and an actor that receives the buffers of the connection. Disposal checks that
/// no buffer is in flight.
/// </summary>
internal sealed class SinkBench : IAsyncDisposable
{
    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();
    private readonly IDisposable _listening;
    private readonly Socket _listener;

    private readonly bool _ownsSystem;

    private SinkBench(ZcrxQueue queue, Socket listener, IDisposable listening, Socket peer, ZcrxConnection connection, ActorSystem? system, Config config)
    {
        (Queue, _listener, _listening, Peer, Connection) = (queue, listener, listening, peer, connection);
        // A configuration may contain Akka.Remote, which does not connect in a strict system.
        Config strict = config.IsEmpty ? TestKitConfig.Strict : Config.Empty;
        _ownsSystem = system is null;
        System = system ?? ActorSystem.Create("sinks", config.WithFallback(strict).WithFallback("akka { stdout-loglevel = OFF, loglevel = OFF }"));
        Actor = System.ActorOf(Props.Create(() => new RecordingActor(_messages.Writer)).WithDeploy(Deploy.Local));
    }

    public ZcrxQueue Queue { get; }

    public ActorSystem System { get; }

    public Socket Peer { get; }

    public ZcrxConnection Connection { get; }

    public IActorRef Actor { get; }

    public int BuffersOut => Queue.Snapshot().BuffersOut;

    public int Waiting => _messages.Reader.Count;

    /// <summary>Opens a bench.</summary>
    /// <param name="buffers">The size of the pool.</param>
    /// <param name="emulation">The options of the emulated kernel.</param>
    /// <param name="config">The configuration of the actor system.</param>
    /// <param name="system">An actor system that several benches share; null for a new one.</param>
    public static async Task<SinkBench> OpenAsync(int buffers = 64, EmulatedKernelOptions? emulation = null, string config = "", ActorSystem? system = null)
    {
        ZcrxQueueOptions options = new()
        {
            Engine = ZcrxEngine.Emulated,
            AreaSize = (long)buffers * Environment.SystemPageSize,
            Emulation = emulation ?? new EmulatedKernelOptions(),
        };
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(options).WithinLimit();
        Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        // Accepted sockets inherit the size. It is small, so that the sender soon notices a pause.
        listener.ReceiveBufferSize = 16 * 1024;
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IDisposable listening = queue.Listen(listener).Subscribe(connection => accepted.TrySetResult(connection));
        Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendBufferSize = 16 * 1024 };
        await peer.ConnectAsync(listener.LocalEndPoint!).WithinLimit();
        return new SinkBench(queue, listener, listening, peer, await accepted.Task.WithinLimit(), system, ConfigurationFactory.ParseString(config));
    }

    public ActorSink ToActor(int maxUnacknowledged = ZcrxActorExtensions.DefaultMaxUnacknowledged) => Connection.Buffers.ToActor(Actor, maxUnacknowledged);

    /// <summary>Returns the next message of the actor. Fails if the message has another type.</summary>
    public async Task<T> ExpectAsync<T>() => Assert.IsType<T>(await _messages.Reader.ReadAsync().AsTask().WithinLimit());

    /// <summary>Returns the next message of any type; null if no message has arrived.</summary>
    public ZcrxStream? TryTake() => _messages.Reader.TryRead(out object? message) ? (ZcrxStream)message : null;

    public async Task BeginAsync() => (await ExpectAsync<ZcrxStream.Init>()).Acknowledge();

    /// <summary>Receives messages until a number of bytes has arrived, checks their order and content, and returns them.</summary>
    public async Task<List<ZcrxStream.Data>> TakeAsync(long from, long to)
    {
        List<ZcrxStream.Data> taken = [];
        while (from < to)
        {
            ZcrxStream.Data data = await ExpectAsync<ZcrxStream.Data>();
            Assert.Equal(from, data.StreamOffset);
            Assert.Equal(Payload.Bytes(from, data.Lease.Length), data.Lease.Span.ToArray());
            taken.Add(data);
            from += data.Lease.Length;
        }

        return taken;
    }

    public async Task SendAsync(long from, long to)
    {
        while (from < to)
        {
            int length = (int)long.Min(to - from, 8192);
            from += await Peer.SendAsync(Payload.Bytes(from, length));
        }
    }

    /// <summary>
    /// Sends until the sender is blocked, the actor has received a number of messages, and the queue receives no further bytes.
    /// </summary>
    /// <returns>The number of bytes sent.</returns>
    public async Task<long> SendUntilBlockedAsync(int messages)
    {
        Peer.Blocking = false;
        long sent = 0;
        long received = -1;
        await Eventually.TrueAsync(
            () =>
            {
                long before = sent;
                while (Peer.Poll(0, SelectMode.SelectWrite))
                {
                    int count = Peer.Send(Payload.Bytes(sent, 8192), SocketFlags.None, out SocketError error);
                    if (error != SocketError.Success)
                    {
                        break;
                    }

                    sent += count;
                }

                bool still = sent == before && Waiting >= messages && Connection.BytesReceived == received;
                received = Connection.BytesReceived;
                return still;
            },
            "the sender blocks");
        Peer.Blocking = true;
        return sent;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await Peer.SendAsync(bytes)..];
        }
    }

    public Task AllReturnedAsync() => Eventually.TrueAsync(() => BuffersOut == 0, "all buffers have come back");

    public Task AssertResetAsync() => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return await Peer.ReceiveAsync(new byte[1]).WithinLimit() < 0;
            }
            catch (SocketException exception)
            {
                return exception.SocketErrorCode == SocketError.ConnectionReset;
            }
        },
        "the connection is reset");

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        Peer.Dispose();
        if (_ownsSystem)
        {
            await System.Terminate().WithinLimit();
        }
        else
        {
            // Other benches share the actor system, so only the actor is stopped. The streams end with the queue below.
            System.Stop(Actor);
        }

        await AllReturnedAsync();
        _listening.Dispose();
        await Queue.DisposeAsync().AsTask().WithinLimit();
        _listener.Dispose();
    }
}
