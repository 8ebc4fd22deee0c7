using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the requests of other threads to a connection: to pause, to close, to wait for its end. Thread-safe.</summary>
/// <remarks>Each change is followed by a call of <see cref="IConnectionHost.Synchronize"/>, so that the ring thread acts on it.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer and no wait handle, so there is nothing to dispose, and its token is used until the last handler has ended.")]
internal sealed class ConnectionControl : ISendingConnection
{
    private const int ApplicationPause = 1 << 30;

    private readonly ConnectionReceiver _receiver;
    private readonly IConnectionSocket _socket;
    private readonly TaskCompletionSource _closed = new(Threads.ContinuationOptions);
    private int _closeRequested;
    private string? _closeCause;
    private ConnectionFailure? _failure;
    private CancellationTokenSource? _closedSource;
    // The number of pauses by consumers, and a bit for the pause by the application. They share a word, because
    // delivery reads it for each buffer.
    private int _pauses;
    private volatile CloseMode _closeMode;
    private volatile IConnectionHost _host;
    private volatile bool _awaitsRoomOnArrival;
    private int _hasChange;
    private int _socketEnded;
    private volatile bool _isDrained;

    public ConnectionControl(ConnectionReceiver receiver, IConnectionSocket socket, IConnectionHost host)
    {
        _receiver = receiver;
        _socket = socket;
        _host = host;
        Sender = new ConnectionSender(socket, this);
        Work = new ConnectionWork(this);
    }

    public ConnectionSender Sender { get; }

    /// <summary>Gets or sets the queue of the connection. When the connection moves, the ring thread of the new queue sets it.</summary>
    public IConnectionHost Host { get => _host; set => _host = value; }

    /// <summary>Gets a task that ends when the socket has been closed, or belongs to another owner.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Gets the counter of the work on the connection besides its socket.</summary>
    public ConnectionWork Work { get; }

    /// <summary>Gets the holder that counts the leases on the current queue, and through which operators reach the connection.</summary>
    public BufferHolder Holder => _receiver.Holder;

    /// <summary>Gets a token that is cancelled when the socket has been closed, or belongs to another owner.</summary>
    public CancellationToken ClosedToken
    {
        get
        {
            CancellationTokenSource source = Volatile.Read(ref _closedSource) ?? new CancellationTokenSource();
            source = Interlocked.CompareExchange(ref _closedSource, source, null) ?? source;
            if (_closed.Task.IsCompleted)
            {
                // The connection may have closed before the source was created.
                CancelClosed();
            }

            return source.Token;
        }
    }

    /// <summary>
    /// Gets a value indicating whether an operator or the application has paused the connection. Buffers that the kernel has
    /// already delivered then wait, too.
    /// </summary>
    public bool IsPaused => Volatile.Read(ref _pauses) != 0;

    /// <summary>Gets a value indicating whether a consumer has paused the connection, and the application has not.</summary>
    public bool IsPausedByConsumer => Volatile.Read(ref _pauses) is > 0 and < ApplicationPause;

    /// <summary>Gets a value indicating whether a consumer, or <see cref="ZcrxConnection.Hold"/>, has paused the connection.</summary>
    public bool IsHeld => (Volatile.Read(ref _pauses) & ~ApplicationPause) != 0;

    /// <summary>Gets a value indicating whether the connection is to be reset.</summary>
    public bool AbortRequested => Volatile.Read(ref _closeRequested) == 2;

    public bool CloseRequested => Volatile.Read(ref _closeRequested) != 0;

    /// <summary>Gets why the connection was closed on this side; null for an orderly close.</summary>
    public ConnectionFailure? Failure => Volatile.Read(ref _failure);

    /// <summary>Gets why the connection was closed on this side, as a clause.</summary>
    public string WhyClosed => Failure?.Cause ?? Volatile.Read(ref _closeCause) ?? "the connection was closed";

    public CloseMode CloseMode
    {
        get => _closeMode;
        set
        {
            _closeMode = value;
            Synchronize();
        }
    }

    SendBatch? ISendingConnection.Batch => _host.Batch;

    string ISendingConnection.Name => _receiver.ToString();

    bool ISendingConnection.IsBroken => _receiver.IsBroken;

    string ISendingConnection.WhyClosed => _receiver.EndError is { } error && Failure is null ? error.Cause : WhyClosed;

    /// <summary>
    /// Gets or sets a value indicating whether a sender waits for room in the socket while the connection is between two queues. The next
    /// queue then polls the socket for room.
    /// </summary>
    public bool AwaitsRoomOnArrival { get => _awaitsRoomOnArrival; set => _awaitsRoomOnArrival = value; }

    /// <summary>Sets the mark that a change is waiting for the ring thread. A full fence.</summary>
    /// <returns>False when the mark was already set.</returns>
    public bool TryNoteChange() => Interlocked.Exchange(ref _hasChange, 1) == 0;

    /// <summary>
    /// Clears the mark that a change is waiting. Called before the change is handled, so that a change during the handling queues the
    /// connection again. A full fence.
    /// </summary>
    public void TakeChange() => Interlocked.Exchange(ref _hasChange, 0);

    public void Synchronize() => _host.Synchronize(_receiver);

    public void Pause()
    {
        Interlocked.Or(ref _pauses, ApplicationPause);
        Synchronize();
    }

    /// <summary>Shuts sending down. If the stream has ended, the connection is then closed.</summary>
    public void ShutdownSend()
    {
        Sender.Shutdown();
        Synchronize();
    }

    public void Resume()
    {
        Interlocked.And(ref _pauses, ~ApplicationPause);
        Synchronize();
    }

    /// <summary>Pauses the connection for a consumer that cannot take more.</summary>
    public void PauseForConsumer()
    {
        if ((Interlocked.Increment(ref _pauses) & ~ApplicationPause) == 1)
        {
            Synchronize();
        }
    }

    /// <summary>Ends one pause of a consumer.</summary>
    public void ResumeForConsumer()
    {
        if ((Interlocked.Decrement(ref _pauses) & ~ApplicationPause) == 0)
        {
            Synchronize();
        }
    }

    /// <summary>Closes the connection after its last consumer has failed.</summary>
    public void FailConsumer(Exception exception) =>
        Fail(new ConnectionFailure("its consumer failed", exception), _host.WhenConsumerFails == ConsumerFailureAction.Reset);

    /// <summary>Closes the connection after a failure. Only the first failure is kept.</summary>
    public void Fail(ConnectionFailure failure, bool abort)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        RequestClose(abort, failure.Cause);
    }

    /// <summary>Requests the end of the connection.</summary>
    /// <param name="abort">Whether to reset the connection.</param>
    /// <param name="cause">The cause, as a clause. Only the first cause is kept.</param>
    public void RequestClose(bool abort, string cause)
    {
        Interlocked.CompareExchange(ref _closeCause, cause, null);
        int wanted = abort ? 2 : 1;
        int seen = Volatile.Read(ref _closeRequested);
        while (seen < wanted)
        {
            // While the socket is open, a request for a reset replaces a request for an orderly close.
            int before = Interlocked.CompareExchange(ref _closeRequested, wanted, seen);
            if (before == seen)
            {
                Synchronize();
                return;
            }

            seen = before;
        }
    }

    /// <summary>
    /// Requests the end of the connection after its drain time. If work is unfinished when it closes, it is reset: an orderly end would tell
    /// the peer that everything was handled.
    /// </summary>
    public void RequestDrainedClose()
    {
        if (!CloseRequested)
        {
            _isDrained = true;
            RequestClose(abort: false, "its listener was unbound, and the drain time is over");
        }
    }

    /// <summary>
    /// Determines whether the connection must be reset, because its drain time is over but its work is unfinished. Called by the owner of
    /// the connection before its observers receive the end and undelivered buffers are dropped.
    /// </summary>
    public void ResetIfUnfinished()
    {
        if (_isDrained && !AbortRequested && (_receiver.HasUnfinishedWork || _receiver.HasWaiting))
        {
            RequestClose(abort: true, WhyClosed);
        }
    }

    /// <summary>
    /// Determines whether an exception of a consumer only follows from the end of the connection: its stream has ended with this error, or
    /// its closing was already requested. Streams such as SslStream wrap the error in an IOException.
    /// </summary>
    public bool FollowsFromEnd(Exception exception)
    {
        while (exception is IOException { InnerException: { } inner })
        {
            exception = inner;
        }

        return (exception is ZcrxStreamException && _receiver.Observers.Error == exception)
            || (CloseRequested && exception is SocketException or ObjectDisposedException or OperationCanceledException or ZcrxStreamException);
    }

    public void ReportFault(Exception exception) => _host.ReportFault(_receiver, exception);

    void ISendingConnection.BeginWork() => Work.Begin();

    void ISendingConnection.EndWork() => Work.End();

    void ISendingConnection.AwaitRoom() => _host.AwaitRoom(_receiver);

    /// <summary>
    /// Closes the socket. Every request of the connection has ended. If bytes of the application are still unsent, the connection is reset:
    /// after an orderly end, the peer would take the stream as complete.
    /// </summary>
    /// <param name="abort">Whether to reset the connection even if no reset was requested.</param>
    public void CloseSocket(bool abort = false)
    {
        Sender.Flush();
        // Read after the flush, which may leave a rest, and before the sender is closed, which ends the rest.
        bool hasRest = Sender.HasRest;
        Sender.Close();
        _socket.Close(abort || AbortRequested || hasRest || (_isDrained && _receiver.HasUnhandledBytes));
        EndSocketWork();
    }

    /// <summary>Transfers the socket to another owner. Every request of the connection has ended.</summary>
    public void ReleaseSocket()
    {
        Sender.Close();
        _socket.Release();
        EndSocketWork();
    }

    /// <summary>Resets the connection but leaves its descriptor open, because the stuck ring thread may use it. Thread-safe.</summary>
    public void AbandonSocket()
    {
        Sender.Close();
        _socket.Disconnect();
    }

    /// <summary>Ends the work on a connection whose socket was abandoned. Called after its observers were called. Thread-safe.</summary>
    public void EndAbandoned() => EndSocketWork();

    private void EndSocketWork()
    {
        if (Interlocked.Exchange(ref _socketEnded, 1) != 0)
        {
            return;
        }

        _closed.TrySetResult();
        CancelClosed();
        Work.EndSocket(_host);
    }

    /// <summary>Cancels <see cref="ClosedToken"/>. Its callbacks run on the thread pool. A callback that throws is reported.</summary>
    private void CancelClosed()
    {
        if (Volatile.Read(ref _closedSource) is { IsCancellationRequested: false } source)
        {
            _ = CancelAsync(source);
        }
    }

    private async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A callback of the application may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ReportFault(exception);
        }
    }
}
