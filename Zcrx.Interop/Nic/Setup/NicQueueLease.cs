namespace Zcrx.Interop;

/// <summary>Represents an RX queue of a NIC that is set up for zero copy and leased to the interface of a container.</summary>
public sealed class NicQueueLease : IDisposable
{
    private readonly IDisposable _claim;

    internal NicQueueLease(int queue, IDisposable claim)
    {
        Queue = queue;
        _claim = claim;
    }

    /// <summary>
    /// Gets the index of the leased RX queue on the container's interface. The container registers its zero-copy queue there.
    /// </summary>
    public int Queue { get; }

    /// <summary>Undoes the set-up of the NIC for the queue. The kernel's lease stays until the container's interface is deleted.</summary>
    public void Dispose() => _claim.Dispose();
}
