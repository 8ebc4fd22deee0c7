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
    private readonly SimulatedPeer _peer;
    private Task<ConnectionReceiver>? _attaching;
    private readonly FrameConsumer _frames;
    private IDisposable? _subscription;
    private readonly OperatorChoice _choice;
    private readonly ConsumerDelays _delays;
    private readonly StaleItems _stale;
    private int _items;
    private bool _hasPausedItself;
    private SimulatedOperator? _skipped;
    private long _replied;
    private bool _hasLostFrames;

    /// <param name="world">The simulation.</param>
    /// <param name="id">The number of the connection, which determines its bytes.</param>
    /// <param name="framing">The options with which the connection is observed as frames, or null to observe it as buffers.</param>
    /// <param name="choice">The operator through which the application consumes the stream.</param>
    public SimulatedConnection(SimulatedWorld world, int id, FramingOptions? framing, OperatorChoice choice)
    {
        _choice = choice;
        _delays = new ConsumerDelays(world);
        _stale = new StaleItems(world, this);
        IsSlow = choice.IsSlow;
        _world = world;
        Id = id;
        Framing = framing;
        _frames = new FrameConsumer(world, this);
        if (SocketPair.Create(out int ours, out int peers) is < 0 and var error)
        {
            throw new SimulationException($"no socket pair: errno {-error}");
        }

        _ours = new Socket(new SafeSocketHandle(ours, ownsHandle: true)) { SendBufferSize = SmallSocket };
        _peer = new SimulatedPeer(id, IsEcho ? id : id + Reply, new Socket(new SafeSocketHandle(peers, ownsHandle: true)) { Blocking = false });
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
    public bool HasReceivedAll => Position == Sent || (HasMessages && Position + SimulatedFrames.LengthAt(Id, Position) > Sent);

    /// <summary>Gets the bytes that the peer has sent.</summary>
    public long Sent => _peer.Sent;

    /// <summary>Gets the stream position after the last byte that observers have received.</summary>
    public long Position { get; private set; }

    /// <summary>Gets the number of bytes that the application has sent, and the number that the peer has read.</summary>
    public (long Sent, long Read) Replies => (_replied, _peer.Received);

    public bool HasPeerFinished => _peer.HasFinished;

    public bool HasPeerClosed => _peer.HasClosed;

    /// <summary>Gets a value indicating whether the stream may end before the peer has ended it.</summary>
    public bool MayBreak { get => field || _world.Tree is { MayEndConnections: true }; set; }

    public bool IsRefused { get; private set; }

    public bool HasStreamEnded { get; private set; }

    public bool IsSubscribed => _subscription is not null;

    /// <summary>
    /// Gets a value indicating whether the application may subscribe. After an observer of frames has thrown, the connection continues at a
    /// later frame only if another observer subscribes before it is reset.
    /// </summary>
    public bool MaySubscribe => !IsSubscribed && !HasStreamEnded && !_hasLostFrames;

    /// <summary>Gets a value indicating whether the application may unsubscribe. Without a frame's beginning, a later observer finds no frames.</summary>
    public bool CanUnsubscribe => IsSubscribed && Framing is null && !IsEcho && Operator is not { IsStopping: true };

    /// <summary>Gets the operator of the current subscription; null for none.</summary>
    public SimulatedOperator? Operator { get; private set; }

    /// <summary>Gets a value indicating whether the stream is forwarded to its own peer.</summary>
    public bool IsEcho => _choice.Kind == OperatorKind.Forward;

    /// <summary>Gets a value indicating whether an asynchronous consumer waits for decisions.</summary>
    public bool IsSlow { get; private set; }

    // A consumer of messages leaves an incomplete one.
    private bool HasMessages => Framing is not null || _choice.Kind == OperatorKind.Pipe;

    /// <summary>Gets a value indicating whether the observer has kept borrowed memory, or a released lease.</summary>
    public bool HasStale => _stale.Any || _frames.HasStale;

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

    public void PeerSend(int length) => _peer.Send(length);

    /// <inheritdoc cref="SimulatedPeer.Read"/>
    public bool PeerRead() => _peer.Read();

    public void PeerFinish() => _peer.Finish();

    public void ClosePeer()
    {
        MayBreak = true;
        _peer.Dispose();
    }

    public void Subscribe()
    {
        if (_choice.Kind == OperatorKind.None || (IsEcho && HaveRepliesFailed))
        {
            Observe();
            return;
        }

        Position = _skipped?.Delivered ?? Position;
        Operator = SimulatedOperator.Create(_world, this, _choice);
        _subscription = Operator;
        Operator.Start();
    }

    private void Observe() => _subscription = Framing is { } framing
        ? Connection!.Buffers.Frames(SimulatedFrames.Instance, SimulatedFrames.Longest, framing).Subscribe(_frames)
        : Connection!.Buffers.Subscribe(this);

    public void Resume()
    {
        _hasPausedItself = false;
        Connection!.Resume();
    }

    public void Unsubscribe()
    {
        if (Operator is null)
        {
            _subscription?.Dispose();
            _subscription = null;
        }
        else
        {
            // OnOperatorEnded follows.
            Operator.Dispose();
        }
    }

    /// <summary>Records that an operator has ended. Items inside the operator, and bytes that a pipe has not consumed, are skipped.</summary>
    public void OnOperatorEnded(SimulatedOperator ended)
    {
        _world.RequireSimulatedThread(this);
        _world.Log.AddEvent($"the operator of {this} ends after {Position} of {ended.Delivered} bytes");
        if (Operator == ended)
        {
            Operator = null;
            _subscription = null;
            _skipped = ended;
        }
    }

    /// <summary>Returns the maximum number of buffers of a queue that operators hold.</summary>
    public int OperatorBuffersIn(SimulatedQueue queue) => (Operator ?? _skipped)?.BuffersIn(queue) ?? 0;

    /// <inheritdoc cref="ConsumerDelays.WaitAsync"/>
    public Task WaitForDecisionAsync(CancellationToken cancellationToken) => _delays.WaitAsync(cancellationToken);

    /// <inheritdoc cref="ConsumerDelays.TryContinue"/>
    public bool TryContinue(int number) => _delays.TryContinue(number);

    /// <summary>Continues all consumers. They wait no more.</summary>
    public void EndDelays()
    {
        IsSlow = false;
        while (_delays.TryContinue(0))
        {
        }
    }

    /// <summary>Keeps a lease that will be released, to use it later.</summary>
    public void KeepReleased(Func<bool> canUse) => _stale.Add(canUse);

    /// <summary>Counts bytes that an operator will send to the peer.</summary>
    public void CountReplies(int length) => _replied += length;

    /// <summary>Sends bytes to the peer.</summary>
    public void Send(int length)
    {
        ReadOnlyMemory<byte> bytes = Payload.Memory(Id + Reply, Replies.Sent, length);
        Sending = SendAsync(bytes);
    }

    public void OnNext(ReceivedBuffer value)
    {
        Receive("", value.StreamOffset, value.Length, Payload.Matches(value.Span, Id, Position));
        Act(() => _world.Hold(this, value), () => _stale.Add(value), () => value.Retain().Dispose());
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

        if (_hasPausedItself && Framing is not null && Operator is null)
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
        if (HasStreamEnded || (!HasPeerFinished && !HasPeerClosed) || (Position != Sent && !_hasLostFrames))
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
            // An operator that fails drops the bytes of frames that were not cut yet.
            _hasLostFrames = HasMessages;
            return;
        }

        if (HasStreamEnded || !MayBreak)
        {
            throw _world.Fail($"{this} failed at {Position} of {Sent} without a cause: {error.Message}{(error.InnerException is { } inner ? $" {inner}" : "")}");
        }

        if (error is ZcrxStreamException broken && (!HasMessages ? broken.StreamOffset != Position : broken.StreamOffset < Position))
        {
            throw _world.Fail($"{this} failed at {Position}, but reports {broken.StreamOffset}: {error.Message}");
        }

        HasStreamEnded = true;
    }

    /// <summary>Uses the kept buffers, frames and leases. Each use must fail.</summary>
    public void UseStale()
    {
        _stale.Use();
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
        CountReplies(bytes.Length);
        try
        {
            await Connection!.SendAsync(bytes).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            OnReplyFailed(error);
        }
    }

    /// <summary>Records that bytes could not be sent to the peer.</summary>
    public void OnReplyFailed(Exception error)
    {
        HaveRepliesFailed = true;
        if (!MayBreak && !HasPeerFinished)
        {
            throw _world.Fail($"{this} could not send, but is open: {error.Message}");
        }
    }

    /// <summary>Gets a value indicating whether a send has failed. The peer then does not receive all replies.</summary>
    public bool HaveRepliesFailed { get; private set; }
}
