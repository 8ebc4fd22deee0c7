using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Represents the right to send on a socket, which one send has at a time. Also knows the bytes that the kernel has not taken although their
/// send has ended, because a batch has copied them. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never used, so there is nothing to dispose; disposing it would strand the callers that wait.")]
internal sealed class SendTurn(IConnectionSocket socket)
{
    private const int InBatch = 1;
    private const int Rest = 2;
    private const int ShutdownAfter = 4;
    private const int Dropped = 8;

    // Held by the caller that sends, also while it waits for room in the socket, and by a batch that has bytes of the connection.
    // Lock order: this semaphore, then the wake-up of RingThread. The ring thread never waits for this semaphore.
    private readonly SemaphoreSlim _free = new(1, 1);
    private int _unsent;

    /// <summary>Gets a value indicating whether a send is pending.</summary>
    public bool IsTaken => _free.CurrentCount == 0;

    /// <summary>Gets a value indicating whether a batch has bytes of the connection.</summary>
    public bool IsInBatch => (Volatile.Read(ref _unsent) & InBatch) != 0;

    /// <summary>Gets a value indicating whether the socket had no room for all bytes of a batch, and the rest still waits.</summary>
    public bool HasRest => (Volatile.Read(ref _unsent) & Rest) != 0;

    /// <summary>Takes the turn unless a send is pending.</summary>
    public bool TryTake() => _free.Wait(0, CancellationToken.None);

    /// <summary>Takes the turn after the pending sends.</summary>
    public Task TakeAsync(CancellationToken cancellationToken) => _free.WaitAsync(cancellationToken);

    /// <summary>Ends the turn of a caller, or of the rest of a batch.</summary>
    public void Release()
    {
        _ = TryEnd(Rest);
        _free.Release();
    }

    /// <summary>Takes the turn for a batch unless a send is pending.</summary>
    public bool TryTakeForBatch()
    {
        if (!TryTake())
        {
            return false;
        }

        Interlocked.Or(ref _unsent, InBatch);
        return true;
    }

    /// <summary>Ends the turn of a batch that has sent everything, or will never send. Does nothing if the batch has no turn.</summary>
    public void ReleaseFromBatch()
    {
        if (TryEnd(InBatch))
        {
            _free.Release();
        }
    }

    /// <summary>Leaves the turn of a batch to the rest of its bytes.</summary>
    /// <returns>False when the batch has no turn any more.</returns>
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

    /// <summary>Prevents a later shutdown, because the unsent bytes of ended sends will not be sent, and the socket will be closed.</summary>
    public void Drop() => Interlocked.Or(ref _unsent, Dropped);

    /// <summary>
    /// Shuts sending down: now, or after the unsent bytes of ended sends, which the peer must receive first. Without effect after
    /// <see cref="Drop"/>.
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
