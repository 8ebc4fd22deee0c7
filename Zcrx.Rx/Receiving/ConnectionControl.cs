using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds what other threads request from a connection: to pause, to close, or to shut down sending. Thread-safe.</summary>
/// <remarks>Each change calls <see cref="IConnectionHost.Synchronize"/>, so that the ring thread acts on it.</remarks>
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
    // The number of pauses by consumers, and one bit for the pause by the application. One word holds both, because delivery reads it for
    // each buffer.
    private int _pauses;
    private volatile CloseMode _closeMode;
    private volatile IConnectionHost _host;
    private volatile bool _awaitsRoomOnArrival;
    private int _hasChange;
    private int _socketEnded;
    private volatile bool _isDrained;
    // True if the close resets the connection although no reset was requested.
    private volatile bool _resetsAtClose;

    public ConnectionControl(ConnectionReceiver receiver, IConnectionSocket socket, IConnectionHost host)
    {
        _receiver = receiver;
        _socket = socket;
        _host = host;
        Sender = new ConnectionSender(socket, this);
        Work = new ConnectionWork(this);
    }

    public ConnectionSender Sender { get; }

    /// <summary>
    /// Gets or sets the queue of the connection. When the connection moves to another queue, the ring thread of that queue sets it.
    /// </summary>
    public IConnectionHost Host { get => _host; set => _host = value; }

    /// <summary>Gets a task that completes when the socket is closed or has been given to another owner.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Gets the counter of unfinished work on the connection, such as running handlers.</summary>
    public ConnectionWork Work { get; }

    /// <summary>Gets the object that counts the leases on the current queue. Operators reach the connection through it.</summary>
    public BufferHolder Holder => _receiver.Holder;

    /// <summary>Gets a token that is cancelled when the socket is closed or has been given to another owner.</summary>
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
    /// Gets a value indicating whether an operator or the application has paused the connection. While it is paused, buffers that the
    /// kernel has delivered wait as well.
    /// </summary>
    public bool IsPaused => Volatile.Read(ref _pauses) != 0;

    /// <summary>Gets a value indicating whether consumers have paused the connection and the application has not.</summary>
    public bool IsPausedByConsumer => Volatile.Read(ref _pauses) is > 0 and < ApplicationPause;

    /// <summary>Gets a value indicating whether a consumer or <see cref="ZcrxConnection.Hold"/> has paused the connection.</summary>
    public bool IsHeld => (Volatile.Read(ref _pauses) & ~ApplicationPause) != 0;

    /// <summary>Gets a value indicating whether a reset of the connection was requested.</summary>
    public bool AbortRequested => Volatile.Read(ref _closeRequested) == 2;

    public bool CloseRequested => Volatile.Read(ref _closeRequested) != 0;

    /// <summary>Gets the failure for which this side closed the connection; null for an orderly close.</summary>
    public ConnectionFailure? Failure => Volatile.Read(ref _failure);

    /// <summary>Gets the reason for which this side closed the connection, as a clause.</summary>
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
    /// Gets or sets a value indicating whether a sender waits for room in the socket while the connection is between two queues. If so, the
    /// next queue polls the socket for room.
    /// </summary>
    public bool AwaitsRoomOnArrival { get => _awaitsRoomOnArrival; set => _awaitsRoomOnArrival = value; }

    /// <summary>Marks the connection as changed, so that the ring thread examines it. A full fence.</summary>
    /// <returns>False when it was already marked.</returns>
    public bool TryNoteChange() => Interlocked.Exchange(ref _hasChange, 1) == 0;

    /// <summary>
    /// Clears the mark that the connection has changed. Called before the change is handled, so that a change during the handling queues the
    /// connection again. A full fence.
    /// </summary>
    public void TakeChange() => Interlocked.Exchange(ref _hasChange, 0);

    public void Synchronize() => _host.Synchronize(_receiver);

    public void Pause()
    {
        Interlocked.Or(ref _pauses, ApplicationPause);
        Synchronize();
    }

    /// <summary>Shuts down sending. If the stream has ended as well, the connection is closed.</summary>
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

    /// <summary>Pauses the connection for a consumer that cannot take more items.</summary>
    public void PauseForConsumer()
    {
        if ((Interlocked.Increment(ref _pauses) & ~ApplicationPause) == 1)
        {
            Synchronize();
        }
    }

    /// <summary>Ends one pause for a consumer.</summary>
    public void ResumeForConsumer()
    {
        if ((Interlocked.Decrement(ref _pauses) & ~ApplicationPause) == 0)
        {
            Synchronize();
        }
    }

    /// <summary>Closes the connection because its last consumer failed.</summary>
    public void FailConsumer(Exception exception) =>
        Fail(new ConnectionFailure("its consumer failed", exception), _host.WhenConsumerFails == ConsumerFailureAction.Reset);

    /// <summary>Records a failure for which the connection is reset, if the queue's options say so, when it closes for another reason.</summary>
    public void FailAtEnd(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, new ConnectionFailure("its consumer failed", exception), null);
        _resetsAtClose = _host.WhenConsumerFails == ConsumerFailureAction.Reset;
    }

    /// <summary>
    /// Closes the connection because of a failure. If several failures are passed, the first one is kept.
    /// </summary>
    public void Fail(ConnectionFailure failure, bool abort)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        RequestClose(abort, failure.Cause);
    }

    /// <summary>Requests that the ring thread closes the connection.</summary>
    /// <param name="abort">True to reset the connection; false for an orderly close.</param>
    /// <param name="cause">The cause, as a clause. If the close is requested several times, the first cause is kept.</param>
    public void RequestClose(bool abort, string cause)
    {
        Interlocked.CompareExchange(ref _closeCause, cause, null);
        int wanted = abort ? 2 : 1;
        int seen = Volatile.Read(ref _closeRequested);
        while (seen < wanted)
        {
            // A request for a reset replaces an earlier request for an orderly close.
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
    /// Requests the close of the connection because its drain time is over. The connection is reset if its work is still unfinished then.
    /// An orderly end would tell the peer that all its bytes were handled.
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
    /// Requests a reset if the drain time is over but work is unfinished. The owner of the connection must call this before it ends the
    /// stream and drops undelivered buffers.
    /// </summary>
    public void ResetIfUnfinished()
    {
        if (_isDrained && !AbortRequested && (_receiver.HasUnfinishedWork || _receiver.HasWaiting))
        {
            RequestClose(abort: true, WhyClosed);
        }
    }

    /// <summary>
    /// Determines whether a consumer's exception only follows from the end of the connection. This holds for the error of its stream. After
    /// a close was requested, it also holds for failed sends and cancellations. An IOException, as SslStream throws it, is judged by its
    /// inner exception.
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
    /// Closes the socket after all requests of the connection have ended. If bytes are still unsent, the connection is reset. After an
    /// orderly end, the peer would take the stream as complete.
    /// </summary>
    /// <param name="abort">Whether to reset the connection even if no reset was requested.</param>
    public void CloseSocket(bool abort = false)
    {
        Sender.Flush();
        // Read after the flush, because a flush may leave unsent bytes. Read before Close, because Close drops them.
        bool hasRest = Sender.HasRest;
        Sender.Close();
        _socket.Close(abort || AbortRequested || hasRest || _resetsAtClose || (_isDrained && _receiver.HasUnhandledBytes));
        EndSocketWork();
    }

    /// <summary>Gives the socket to another owner after all requests of the connection have ended.</summary>
    public void ReleaseSocket()
    {
        Sender.Close();
        _socket.Release();
        EndSocketWork();
    }

    /// <summary>Resets the connection but leaves its descriptor open, because a stuck ring thread may still use it. Thread-safe.</summary>
    public void AbandonSocket()
    {
        Sender.Close();
        _socket.Disconnect();
    }

    /// <summary>
    /// Ends the work on a connection after its socket was abandoned. Called after the observers have received the end. Thread-safe.
    /// </summary>
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

    /// <summary>
    /// Cancels <see cref="ClosedToken"/>. Callbacks of the token run on the thread pool, and their exceptions are reported.
    /// </summary>
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
#pragma warning disable CA1031 // A callback of the application may throw any exception.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ReportFault(exception);
        }
    }
}
