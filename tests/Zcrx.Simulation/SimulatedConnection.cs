using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Processes;
using Zcrx.Rx;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Represents one connection, with its peer and the observer of its stream. Both can compute every expected byte.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Decisions of the simulation close both sockets, and the settlement those that are left.")]
internal sealed class SimulatedConnection : IObserver<ReceivedBuffer>
{
    // The offset between the bytes of the two directions: replies must differ from the stream.
    private const int Reply = 1000;
    private const int SmallSocket = 4608;

    private readonly SimulatedWorld _world;
    private readonly Socket _ours;
    private readonly Socket _peer;
    private readonly byte[] _read = new byte[8192];
    private Task<ConnectionReceiver>? _attaching;
    private IDisposable? _subscription;
    private int _buffers;

    public SimulatedConnection(SimulatedWorld world, int id)
    {
        _world = world;
        Id = id;
        if (SocketPair.Create(out int ours, out int peers) is < 0 and var error)
        {
            throw new SimulationException($"no socket pair: errno {-error}");
        }

        _ours = new Socket(new SafeSocketHandle(ours, ownsHandle: true)) { SendBufferSize = SmallSocket };
        _peer = new Socket(new SafeSocketHandle(peers, ownsHandle: true)) { Blocking = false };
    }

    public int Id { get; }

    /// <summary>Gets the connection; null until a queue has attached it.</summary>
    public ZcrxConnection? Connection { get; private set; }

    public ConsumerMode Mode { get; set; }

    /// <summary>Gets the bytes that the peer has sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Gets the stream position after the last byte that observers have received.</summary>
    public long Position { get; private set; }

    /// <summary>Gets the number of bytes that the application has sent, and the number that the peer has read.</summary>
    public (long Sent, long Read) Replies { get; private set; }

    public bool HasPeerFinished { get; private set; }

    public bool HasPeerClosed { get; private set; }

    /// <summary>Gets a value indicating whether the stream may end before the peer has ended it.</summary>
    public bool MayBreak { get; set; }

    public bool IsRefused { get; private set; }

    public bool HasStreamEnded { get; private set; }

    public bool IsSubscribed => _subscription is not null;

    /// <summary>Gets the borrowed buffers that the observer has illegally kept after OnNext.</summary>
    public List<ReceivedBuffer> Stale { get; } = [];

    public PendingMove? Move { get; set; }

    public Task? Sending { get; private set; }

    public bool IsAlive => Connection is not null && !Connection.Closed.IsCompleted;

    /// <summary>Attaches the socket to a queue.</summary>
    public void Attach(SimulatedQueue queue) => _attaching = queue.Loop.AttachAsync(_ours);

    /// <summary>Processes the result of <see cref="Attach"/>.</summary>
    public void Look()
    {
        if (_attaching is not { IsCompleted: true } attached)
        {
            return;
        }

        _attaching = null;
        if (attached.IsCompletedSuccessfully)
        {
            Connection = ZcrxConnection.Of(attached.Result);
            _world.Log.AddEvent($"{this} is attached");
            return;
        }

        IsRefused = true;
        _world.Log.AddEvent($"{this} is refused");
        _ours.Dispose();
        ClosePeer();
    }

    public void PeerSend(int length)
    {
        int sent = _peer.Send(Payload.At(Id, Sent, length), SocketFlags.None, out SocketError error);
        if (error == SocketError.Success)
        {
            Sent += sent;
        }
    }

    /// <summary>Makes the peer read all bytes that were sent to it.</summary>
    /// <returns>True if the peer has read any bytes.</returns>
    public bool PeerRead()
    {
        long before = Replies.Read;
        while (!HasPeerClosed && _peer.Receive(_read, SocketFlags.None, out SocketError error) is var count && error == SocketError.Success && count > 0)
        {
            if (!Payload.Matches(_read.AsSpan(0, count), Id + Reply, Replies.Read))
            {
                throw new SimulationException($"the peer of {this} has read wrong bytes at position {Replies.Read}");
            }

            Replies = Replies with { Read = Replies.Read + count };
        }

        return Replies.Read != before;
    }

    public void PeerFinish()
    {
        HasPeerFinished = true;
        try
        {
            _peer.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The application's side has closed the connection.
        }
    }

    public void ClosePeer()
    {
        HasPeerClosed = true;
        MayBreak = true;
        _peer.Dispose();
    }

    public void Subscribe() => _subscription = Connection!.Buffers.Subscribe(this);

    public void Unsubscribe()
    {
        _subscription?.Dispose();
        _subscription = null;
    }

    /// <summary>Sends bytes to the peer.</summary>
    public void Send(int length)
    {
        ReadOnlyMemory<byte> bytes = Payload.Memory(Id + Reply, Replies.Sent, length);
        Sending = SendAsync(bytes);
    }

    public void OnNext(ReceivedBuffer value)
    {
        _world.RequireRingThread(this);
        int length = value.Length;
        if (HasStreamEnded || value.StreamOffset != Position || Position + length > Sent || !Payload.Matches(value.Span, Id, Position))
        {
            throw _world.Fail($"{this} received {length} bytes at {value.StreamOffset}, but {Position} was next of {Sent} that were sent{(HasStreamEnded ? ", and its stream had ended" : "")}{(value.StreamOffset == Position ? ": wrong bytes" : "")}");
        }

        Position += length;
        _buffers++;
        _world.Log.AddEvent($"{this} receives {length} bytes up to {Position} on {_world.Threads.Running}");
        Act(value);
    }

    public void OnCompleted()
    {
        _world.RequireRingThread(this);
        _world.Log.AddEvent($"{this} completes at {Position}");
        if (HasStreamEnded || (!HasPeerFinished && !HasPeerClosed) || Position != Sent)
        {
            throw _world.Fail($"{this} completed at {Position} of {Sent}{(HasStreamEnded ? ", a second time" : "")}");
        }

        HasStreamEnded = true;
    }

    public void OnError(Exception error)
    {
        _world.RequireRingThread(this);
        _world.Log.AddEvent($"{this} fails at {Position}: {error.GetType().Name}");
        if (error is ConsumerException)
        {
            return;
        }

        if (HasStreamEnded || !MayBreak)
        {
            throw _world.Fail($"{this} failed at {Position} of {Sent} without a cause: {error.Message}{(error.InnerException is { } inner ? $" {inner}" : "")}");
        }

        if (error is ZcrxStreamException broken && broken.StreamOffset != Position)
        {
            throw _world.Fail($"{this} failed at {Position}, but reports {broken.StreamOffset}: {error.Message}");
        }

        HasStreamEnded = true;
    }

    /// <summary>Uses the kept buffers. Each use must fail.</summary>
    public void UseStale()
    {
        foreach (ReceivedBuffer stale in Stale)
        {
            if (stale.IsValid || !Throws<ObjectDisposedException>(() => _ = stale.Span) || !Throws<ObjectDisposedException>(() => _ = stale.StreamOffset)
                || !(Throws<ObjectDisposedException>(() => stale.Retain().Dispose()) || Throws<InvalidOperationException>(() => stale.Retain().Dispose())))
            {
                throw _world.Fail($"a borrowed buffer of {this} can be used after OnNext");
            }
        }

        Stale.Clear();
    }

    public override string ToString() => $"connection {Id}";

    private void Act(ReceivedBuffer value)
    {
        switch (Mode)
        {
            case ConsumerMode.LeaseAll:
            case ConsumerMode.LeaseSome when _buffers % 3 == 0:
                _world.Hold(this, value);
                break;
            case ConsumerMode.KeepBorrowed:
                Stale.Add(value);
                break;
            case ConsumerMode.PassBorrowed:
                bool isRefused = false;
                _world.Threads.As(_world.Threads.Application, () => isRefused = Throws<InvalidOperationException>(() => value.Retain().Dispose()));
                if (!isRefused)
                {
                    throw _world.Fail($"another thread has leased a borrowed buffer of {this}");
                }

                break;
            case ConsumerMode.Pause when _buffers % 4 == 0:
                Connection!.Pause();
                break;
            case ConsumerMode.Unsubscribe when _buffers % 3 == 0:
                Unsubscribe();
                break;
            case ConsumerMode.Throw when _buffers % 2 == 0:
                MayBreak = true;
                _subscription = null;
                _world.Log.AddEvent($"the observer of {this} throws");
                throw new ConsumerException();
            default:
                break;
        }
    }

    private static bool Throws<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
            return false;
        }
        catch (T)
        {
            return true;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        // Counts the bytes before they are sent. Only a connection that has ended may leave them unsent.
        Replies = Replies with { Sent = Replies.Sent + bytes.Length };
        try
        {
            await Connection!.SendAsync(bytes).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            HaveRepliesFailed = true;
            if (!MayBreak && !HasPeerFinished)
            {
                throw _world.Fail($"{this} could not send, but is open: {error.Message}");
            }
        }
    }

    /// <summary>Gets a value indicating whether a send has failed. The peer then does not receive all replies.</summary>
    public bool HaveRepliesFailed { get; private set; }
}
