namespace Zcrx.Interop;

/// <summary>Represents an RX queue that is set up for a container and leased to its interface.</summary>
public sealed class NicQueueLease : IDisposable
{
    private readonly IDisposable _claim;

    internal NicQueueLease(int queue, IDisposable claim)
    {
        Queue = queue;
        _claim = claim;
    }

    /// <summary>Gets the RX queue of the container's interface. The container registers its zero-copy queue on it.</summary>
    public int Queue { get; }

    /// <summary>Undoes the set-up for the queue. The lease itself stays until the container's interface is deleted.</summary>
    public void Dispose() => _claim.Dispose();
}
