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
    private readonly FrameConsumer _frames;
    private IDisposable? _subscription;
    private int _items;
    private bool _hasPausedItself;

    /// <param name="world">The simulation.</param>
    /// <param name="id">The number of the connection, which determines its bytes.</param>
    /// <param name="framing">The options with which the connection is observed as frames, or null to observe it as buffers.</param>
    public SimulatedConnection(SimulatedWorld world, int id, FramingOptions? framing)
    {
        _world = world;
        Id = id;
        Framing = framing;
        _frames = new FrameConsumer(world, this);
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

    /// <summary>Gets the options with which the connection is observed as frames; null if it is observed as buffers.</summary>
    public FramingOptions? Framing { get; }

    /// <summary>
    /// Gets a value indicating whether the observer has received everything that it can: all bytes, or all frames that have arrived whole.
    /// </summary>
    public bool HasReceivedAll => Position == Sent || (Framing is not null && Position + SimulatedFrames.LengthAt(Id, Position) > Sent);

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
    private List<ReceivedBuffer> Stale { get; } = [];

    /// <summary>Gets a value indicating whether the observer has kept borrowed memory.</summary>
    public bool HasStale => Stale.Count > 0 || _frames.HasStale;

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

    public void Subscribe() => _subscription = Framing is { } framing
        ? Connection!.Buffers.Frames(SimulatedFrames.Instance, SimulatedFrames.Longest, framing).Subscribe(_frames)
        : Connection!.Buffers.Subscribe(this);

    public void Resume()
    {
        _hasPausedItself = false;
        Connection!.Resume();
    }

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
        Receive("", value.StreamOffset, value.Length, Payload.Matches(value.Span, Id, Position));
        Act(() => _world.Hold(this, value), () => Stale.Add(value), () => value.Retain().Dispose());
    }

    /// <summary>Checks that the received bytes are the next ones of the stream.</summary>
    /// <param name="what">The first words of the description.</param>
    /// <param name="offset">The position of the bytes.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="isRight">True if they equal the bytes that were sent.</param>
    public void Receive(string what, long offset, long length, bool isRight)
    {
        _world.RequireRingThread(this);
        if (HasStreamEnded || offset != Position || Position + length > Sent || !isRight)
        {
            throw _world.Fail($"{this} received {what}{length} bytes at {offset}, but {Position} was next of {Sent} that were sent{(HasStreamEnded ? ", and its stream had ended" : "")}{(offset == Position ? ": wrong bytes" : "")}");
        }

        if (_hasPausedItself && Framing is not null)
        {
            throw _world.Fail($"{this} received {what}{length} bytes at {offset}, although its observer had paused it");
        }

        Position += length;
        _items++;
        _world.Log.AddEvent($"{this} receives {what}{length} bytes up to {Position} on {_world.Threads.Running}");
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

        if (error is ZcrxStreamException broken && (Framing is null ? broken.StreamOffset != Position : broken.StreamOffset < Position))
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
        _frames.UseStale();
    }

    public override string ToString() => $"connection {Id}";

    /// <summary>Does what the mode specifies, inside OnNext.</summary>
    /// <param name="hold">Leases the item.</param>
    /// <param name="keep">Keeps the borrowed item.</param>
    /// <param name="lease">Leases the item on another thread, which must fail.</param>
    public void Act(Action hold, Action keep, Action lease)
    {
        switch (Mode)
        {
            case ConsumerMode.LeaseAll:
            case ConsumerMode.LeaseSome when _items % 3 == 0:
                hold();
                break;
            case ConsumerMode.KeepBorrowed:
                keep();
                break;
            case ConsumerMode.PassBorrowed:
                bool isRefused = false;
                _world.Threads.As(_world.Threads.Application, () => isRefused = Throws<InvalidOperationException>(lease));
                if (!isRefused)
                {
                    throw _world.Fail($"another thread has leased what {this} has borrowed");
                }

                break;
            case ConsumerMode.Pause when _items % 4 == 0:
                Connection!.Pause();
                _hasPausedItself = true;
                break;
            case ConsumerMode.Unsubscribe when _items % 3 == 0 && Framing is null:
                Unsubscribe();
                break;
            case ConsumerMode.Throw when _items % 2 == 0:
                MayBreak = true;
                _subscription = null;
                _world.Log.AddEvent($"the observer of {this} throws");
                throw new ConsumerException();
            default:
                break;
        }
    }

    /// <summary>Determines whether an action throws.</summary>
    public static bool Throws<T>(Action action)
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
