using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds what other threads want of a connection: to pause, to close, to wait for its end. Threading: all members from any thread.</summary>
/// <remarks>Each change is followed by a call of <see cref="IConnectionHost.Synchronize"/>, so that the ring thread acts on it.</remarks>
internal sealed class ConnectionControl : ISendingConnection
{
    private readonly ConnectionReceiver _receiver;
    private readonly IConnectionSocket _socket;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // The socket, and operators that have not finished.
    private int _unfinished = 1;
    private int _closeRequested;
    private ConnectionFailure? _failure;
    private volatile bool _isPausedByApplication;
    private int _pausesByConsumers;
    private volatile bool _closeWhenEnded = true;
    private volatile IConnectionHost _host;
    private volatile bool _awaitsRoomOnArrival;
    private int _hasChange;

    public ConnectionControl(ConnectionReceiver receiver, IConnectionSocket socket, IConnectionHost host)
    {
        _receiver = receiver;
        _socket = socket;
        _host = host;
        Sender = new ConnectionSender(socket, this);
    }

    public ConnectionSender Sender { get; }

    /// <summary>Gets the queue that the connection belongs to. The ring thread that takes the connection over sets it.</summary>
    public IConnectionHost Host { get => _host; set => _host = value; }

    /// <summary>Gets a task that ends when the socket has been closed, or belongs to another owner.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Gets a task that ends when the socket has been closed and the operators have finished.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Gets a value indicating whether an operator or the application wants no buffer now, not even one that the kernel has delivered.</summary>
    public bool IsPaused => _isPausedByApplication || Volatile.Read(ref _pausesByConsumers) > 0;

    public bool CloseRequested => Volatile.Read(ref _closeRequested) != 0;

    /// <summary>Gets why the connection was closed on this side; null for an orderly close.</summary>
    public ConnectionFailure? Failure => Volatile.Read(ref _failure);

    /// <summary>Gets why the connection was closed on this side, as a clause.</summary>
    public string WhyClosed => Failure?.Cause ?? "the connection was closed on our side before the peer had finished";

    public bool CloseWhenEnded
    {
        get => _closeWhenEnded;
        set
        {
            _closeWhenEnded = value;
            Synchronize();
        }
    }

    string ISendingConnection.Name => _receiver.ToString();

    bool ISendingConnection.IsBroken => _receiver.IsBroken;

    /// <summary>Gets or sets a value indicating whether a sender waits for room while no queue has the connection.</summary>
    public bool AwaitsRoomOnArrival { get => _awaitsRoomOnArrival; set => _awaitsRoomOnArrival = value; }

    /// <summary>Notes that a change waits for the ring thread. A full fence.</summary>
    /// <returns>Whether none was noted before.</returns>
    public bool TryNoteChange() => Interlocked.Exchange(ref _hasChange, 1) == 0;

    /// <summary>The change is about to be looked at. A full fence: a change that comes from now on is noted again.</summary>
    public void TakeChange() => Interlocked.Exchange(ref _hasChange, 0);

    public void Synchronize() => _host.Synchronize(_receiver);

    public void Pause()
    {
        _isPausedByApplication = true;
        Synchronize();
    }

    /// <summary>Shuts sending down. A connection whose stream has ended is closed then.</summary>
    public void ShutdownSend()
    {
        Sender.Shutdown();
        Synchronize();
    }

    public void Resume()
    {
        _isPausedByApplication = false;
        Synchronize();
    }

    /// <summary>Pauses the connection for a consumer that cannot take more.</summary>
    public void PauseForConsumer()
    {
        if (Interlocked.Increment(ref _pausesByConsumers) == 1)
        {
            Synchronize();
        }
    }

    /// <summary>Ends one pause of a consumer.</summary>
    public void ResumeForConsumer()
    {
        if (Interlocked.Decrement(ref _pausesByConsumers) == 0)
        {
            Synchronize();
        }
    }

    /// <summary>An operator begins to work on buffers off the ring thread.</summary>
    public void BeginWork() => Interlocked.Increment(ref _unfinished);

    /// <summary>An operator has finished, or the socket is closed.</summary>
    public void EndWork()
    {
        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            _finished.TrySetResult();
        }
    }

    /// <summary>The last consumer has failed.</summary>
    public void FailConsumer(Exception exception) =>
        Fail(new ConnectionFailure("its consumer failed", exception), _host.WhenConsumerFails == ConsumerFailureAction.Reset);

    /// <summary>The connection cannot be used any more. The first failure counts.</summary>
    public void Fail(ConnectionFailure failure, bool abort)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        RequestClose(abort);
    }

    public void RequestClose(bool abort)
    {
        int wanted = abort ? 2 : 1;
        int seen = Volatile.Read(ref _closeRequested);
        while (seen < wanted)
        {
            // A reset may follow an orderly close, as long as the socket is not closed.
            int before = Interlocked.CompareExchange(ref _closeRequested, wanted, seen);
            if (before == seen)
            {
                Synchronize();
                return;
            }

            seen = before;
        }
    }

    public void ReportFault(Exception exception) => _host.ReportFault(_receiver, exception);

    void ISendingConnection.AwaitRoom() => _host.AwaitRoom(_receiver);

    /// <summary>Closes the socket. Every request of the connection has ended.</summary>
    public void CloseSocket()
    {
        Sender.Close();
        _socket.Close(abort: Volatile.Read(ref _closeRequested) == 2);
        EndSocketWork();
    }

    /// <summary>Gives the socket to another owner. Every request of the connection has ended.</summary>
    public void ReleaseSocket()
    {
        Sender.Close();
        _socket.Release();
        EndSocketWork();
    }

    private void EndSocketWork()
    {
        _closed.TrySetResult();
        EndWork();
        if (!_finished.Task.IsCompleted)
        {
            // A queue that ends has given operators the time that there was.
            _ = _host.Ended.ContinueWith(
                static (_, finished) => ((TaskCompletionSource)finished!).TrySetResult(), _finished, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
