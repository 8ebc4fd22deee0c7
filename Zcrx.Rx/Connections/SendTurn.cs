using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Represents the right to send on a socket, which one send has at a time. Also records whether the kernel has yet to take bytes of a
/// batch, because no sender waits for these bytes. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never used, so there is nothing to dispose; disposing it would strand the callers that wait.")]
internal sealed class SendTurn(IConnectionSocket socket)
{
    private const int InBatch = 1;
    private const int Rest = 2;
    private const int ShutdownAfter = 4;
    private const int Dropped = 8;

    // A caller holds this semaphore while it sends or waits for room. A batch holds it while the batch contains bytes of the connection.
    // Lock order: this semaphore, then the lock for the wake-up of RingThread. The ring thread never waits for this semaphore.
    private readonly SemaphoreSlim _free = new(1, 1);
    private int _unsent;

    /// <summary>Gets a value indicating whether a send is pending.</summary>
    public bool IsTaken => _free.CurrentCount == 0;

    /// <summary>Gets a value indicating whether a batch contains bytes of the connection.</summary>
    public bool IsInBatch => (Volatile.Read(ref _unsent) & InBatch) != 0;

    /// <summary>Gets a value indicating whether bytes of a batch are still unsent, because the socket is full.</summary>
    public bool HasRest => (Volatile.Read(ref _unsent) & Rest) != 0;

    /// <summary>Takes the turn if no send is pending.</summary>
    /// <returns>False if a send is pending.</returns>
    public bool TryTake() => _free.Wait(0, CancellationToken.None);

    /// <summary>Waits until the earlier sends have ended, and takes the turn.</summary>
    public Task TakeAsync(CancellationToken cancellationToken) => _free.WaitAsync(cancellationToken);

    /// <summary>Ends the turn of a caller, or that of the unsent bytes of a batch.</summary>
    public void Release()
    {
        _ = TryEnd(Rest);
        _free.Release();
    }

    /// <summary>Takes the turn for a batch if no send is pending.</summary>
    /// <returns>False if a send is pending.</returns>
    public bool TryTakeForBatch()
    {
        if (!TryTake())
        {
            return false;
        }

        Interlocked.Or(ref _unsent, InBatch);
        return true;
    }

    /// <summary>
    /// Ends the turn of a batch that has sent all its bytes or will not send them. Does nothing if the batch does not have the turn.
    /// </summary>
    public void ReleaseFromBatch()
    {
        if (TryEnd(InBatch))
        {
            _free.Release();
        }
    }

    /// <summary>Passes the turn from a batch to the bytes that it could not send.</summary>
    /// <returns>False when the batch no longer has the turn.</returns>
    public bool TryLeaveToRest()
    {
        int before = Volatile.Read(ref _unsent);
        while ((before & InBatch) != 0)
        {
            int seen = Interlocked.CompareExchange(ref _unsent, (before & ~InBatch) | Rest, before);
            if (seen == before)
            {
                return true;
            }

            before = seen;
        }

        return false;
    }

    /// <summary>Prevents a later shutdown, because the socket will be closed without sending the unsent bytes.</summary>
    public void Drop() => Interlocked.Or(ref _unsent, Dropped);

    /// <summary>
    /// Shuts down sending. If bytes of a batch are still unsent, waits until they are sent, because the peer must receive them first. Has
    /// no effect after <see cref="Drop"/>.
    /// </summary>
    public void Shutdown()
    {
        int before = Volatile.Read(ref _unsent);
        while (before != 0)
        {
            if ((before & Dropped) != 0)
            {
                return;
            }

            int seen = Interlocked.CompareExchange(ref _unsent, before | ShutdownAfter, before);
            if (seen == before)
            {
                return;
            }

            before = seen;
        }

        socket.ShutdownSend();
    }

    private bool TryEnd(int kind)
    {
        int before = Volatile.Read(ref _unsent);
        while ((before & kind) != 0)
        {
            int seen = Interlocked.CompareExchange(ref _unsent, before & Dropped, before);
            if (seen == before)
            {
                if ((before & (ShutdownAfter | Dropped)) == ShutdownAfter)
                {
                    socket.ShutdownSend();
                }

                return true;
            }

            before = seen;
        }

        return false;
    }
}
