namespace Zcrx.Simulation;

/// <summary>
/// Represents one subscription to an operator. Records each item that the stream passes to the operator and each item that the operator
/// passes to the application, so the items inside the operator are known without the counts of the operator.
/// </summary>
internal abstract class SimulatedOperator(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice) : IDisposable
{
    private readonly Queue<OperatorItem> _waiting = new();
    private readonly List<OperatorItem> _taken = [];
    private readonly CancellationTokenSource _stop = new();
    private int _items;
    private bool _hasFailed;

    /// <summary>Gets the stream position after the last item that the stream has passed to the operator.</summary>
    public long Delivered { get; private set; } = connection.Position;

    /// <summary>Gets a value indicating whether the application has stopped the operator, which has not ended yet.</summary>
    public bool IsStopping { get; protected set; }

    protected SimulatedWorld World => world;

    protected SimulatedConnection Connection => connection;

    protected OperatorChoice Choice => choice;

    protected bool IsOver { get; private set; }

    protected CancellationToken Stopping => _stop.Token;

    /// <summary>Gets a value indicating whether <see cref="Take"/> records every item that leaves the operator.</summary>
    protected virtual bool RecordsItems => true;

    /// <summary>Creates the operator of a connection.</summary>
    public static SimulatedOperator Create(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice) => choice.Kind switch
    {
        OperatorKind.Pipe => new PipeOperator(world, connection, choice),
        OperatorKind.Forward => new ForwardOperator(world, connection, choice),
        _ when connection.Framing is { } framing => new LeaseOperator<Rx.ReceivedFrame, Rx.FrameLease>(world, connection, choice, new FrameKind(framing)),
        _ => new LeaseOperator<Interop.ReceivedBuffer, Interop.BufferLease>(world, connection, choice, new BufferKind()),
    };

    /// <summary>Subscribes.</summary>
    public abstract void Start();

    /// <summary>Ends the subscription of the application. An operator with an asynchronous loop ends later, on the thread pool.</summary>
    public void Dispose()
    {
        if (!IsOver && !IsStopping)
        {
            IsStopping = true;
            Stop(_stop);
        }
    }

    /// <summary>Returns the maximum number of buffers of a queue that the leases inside the operator, and in its consumer, hold.</summary>
    public virtual int BuffersIn(SimulatedQueue queue) => Sum(_waiting, queue) + Sum(_taken, queue);

    /// <summary>Checks that the bounds of the operator hold, and that it counts its items correctly.</summary>
    public void Check()
    {
        if (IsOver || IsStopping || _hasFailed)
        {
            return;
        }

        long bytes = _waiting.Sum(static item => item.Length);
        if (RecordsItems && (_waiting.Count > choice.MaxQueued || (_waiting.Count > 1 && bytes > choice.MaxQueuedBytes)))
        {
            throw world.Fail($"{_waiting.Count} items of {bytes} bytes of {connection} wait in {choice}");
        }

        // An operator that was disposed stays in the list until its handlers have ended.
        if (connection.Connection!.Receiver.Queues.Items is [var queue] && (queue.Waiting > queue.Bound || (RecordsItems && queue.Waiting != _waiting.Count)))
        {
            throw world.Fail($"{choice} of {connection} counts {queue.Waiting} items, but {_waiting.Count} wait");
        }
    }

    protected abstract void Stop(CancellationTokenSource stop);

    /// <summary>Records an item that the stream passes to the operator.</summary>
    protected void Deliver(long offset, long length, int mostBuffers)
    {
        if (offset != Delivered || IsOver)
        {
            throw world.Fail($"{connection} passes {length} bytes at {offset} to its operator, but {Delivered} was next{(IsOver ? ", and the operator has ended" : "")}");
        }

        Delivered = offset + length;
        _waiting.Enqueue(new OperatorItem(offset, length, world.Threads.Running as SimulatedQueue, mostBuffers));
        world.Log.AddEvent($"{connection} passes {length} bytes up to {Delivered} to its operator on {world.Threads.Running}");
    }

    /// <summary>Records that the operator passes its oldest item to the application.</summary>
    protected OperatorItem Take(long offset, long length)
    {
        if (!_waiting.TryDequeue(out OperatorItem? item) || item.Offset != offset || item.Length != length)
        {
            throw world.Fail($"{choice} of {connection} passes on {length} bytes at {offset} instead of {item?.ToString() ?? "nothing"}");
        }

        _taken.Add(item);
        _items++;
        world.Threads.RunMidway();
        return item;
    }

    /// <summary>Determines whether the application has not released an item yet.</summary>
    protected bool IsTaken(OperatorItem item) => _taken.Contains(item);

    /// <summary>Records that the application has released an item.</summary>
    protected void Release(OperatorItem item) => _taken.Remove(item);

    /// <summary>Records that the application has released all items before a position.</summary>
    protected void ReleaseUntil(long position) => _taken.RemoveAll(item => item.End <= position);

    /// <summary>Records that the operator has passed on all items before a position.</summary>
    protected void TakeUntil(long position)
    {
        while (_waiting.TryPeek(out OperatorItem? item) && item.End <= position)
        {
            Take(item.Offset, item.Length);
        }

        if (_waiting.TryPeek(out OperatorItem? next) && next.Offset < position)
        {
            throw world.Fail($"{choice} of {connection} passes on a part of {next}");
        }
    }

    /// <summary>Waits at every second item for a decision, if the consumer is slow.</summary>
    protected Task WaitAsync(CancellationToken cancellationToken) =>
        connection.IsSlow && _items % 2 == 1 ? connection.WaitForDecisionAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Does what the mode of the connection specifies for an item.</summary>
    /// <param name="hold">Moves the lease of the item.</param>
    /// <param name="keep">Keeps the lease beyond its release.</param>
    /// <param name="pass">Moves the lease of the item on another thread.</param>
    protected void Act(Action hold, Action keep, Action pass)
    {
        switch (connection.Mode)
        {
            case ConsumerMode.LeaseAll:
            case ConsumerMode.LeaseSome when _items % 3 == 0:
                hold();
                break;
            case ConsumerMode.KeepBorrowed:
                keep();
                break;
            case ConsumerMode.PassBorrowed:
                world.Threads.As(world.Threads.Application, pass);
                break;
            case ConsumerMode.Pause when _items % 4 == 0:
                connection.Connection!.Pause();
                break;
            case ConsumerMode.Unsubscribe when _items % 3 == 0 && connection.Framing is null && choice.Kind != OperatorKind.Forward:
                Dispose();
                break;
            case ConsumerMode.Throw when _items % 2 == 0 && choice.Kind != OperatorKind.Forward && (connection.Framing is null || choice.FailsConnection):
                connection.MayBreak = true;
                _hasFailed = true;
                world.Log.AddEvent($"the consumer of {connection} throws");
                throw new ConsumerException();
            default:
                break;
        }
    }

    /// <summary>Passes the end of the operator to the connection.</summary>
    protected void End(Exception? error)
    {
        if (IsOver)
        {
            throw world.Fail($"{choice} of {connection} ends a second time: {error?.Message ?? "in order"}");
        }

        if (error is not ConsumerException && _waiting.Count > 0)
        {
            throw world.Fail($"{choice} of {connection} ends, but has kept {_waiting.Count} items: {error?.Message ?? "in order"}");
        }

        Leave();
        if (error is null)
        {
            connection.OnCompleted();
        }
        else
        {
            connection.OnError(error);
        }
    }

    /// <summary>Records that the operator has ended. The items inside the operator are released.</summary>
    protected void Leave()
    {
        IsOver = true;
        _waiting.Clear();
        connection.OnOperatorEnded(this);
    }

    private static int Sum(IEnumerable<OperatorItem> items, SimulatedQueue queue) =>
        items.Where(item => item.Queue is null || item.Queue == queue).Sum(static item => item.MostBuffers);
}
