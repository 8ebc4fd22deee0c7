using Zcrx.Rx.Moving;

namespace Zcrx.Rx;

/// <summary>Holds the connections of closed queues until another queue resumes them at the same stream offset.</summary>
/// <remarks>
/// <para>Pass this object to <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.
/// <see cref="ZcrxQueue.SuspendAsync"/> then suspends the connections of the queue. A failure of the queue suspends those whose stream
/// position is certain, and ends the others with an error.</para>
/// <para>No queue receives for a suspended connection, so TCP makes its sender wait. Sends succeed until the socket is full. A suspended
/// connection can be closed.</para>
/// <para>Threading: all members are thread-safe. Ownership: the creator disposes the object. Disposal ends the remaining connections with
/// an error.</para>
/// </remarks>
public sealed class ZcrxSuspendedConnections : IDisposable
{
    /// <summary>Gets the number of suspended connections.</summary>
    public int Count => Owner.Count;

    internal SuspendedConnectionOwner Owner { get; } = new();

    /// <summary>
    /// Resumes all suspended connections on a queue. The queue also resumes connections that are suspended later, until it ends or another
    /// call names other queues.
    /// </summary>
    /// <param name="queue">The queue that receives for the connections from now on.</param>
    /// <returns>The number of connections that the queue has resumed. If the queue has ended, the others stay suspended.</returns>
    public Task<int> ContinueOnAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return ContinueOnAsync([queue]);
    }

    /// <summary>Distributes the suspended connections over queues. Connections that are suspended later are distributed as well.</summary>
    /// <param name="queues">The queues that receive for the connections from now on. If empty, connections stay suspended.</param>
    /// <returns>The number of connections that were resumed. A connection stays suspended if the queue chosen for it has ended.</returns>
    public async Task<int> ContinueOnAsync(IReadOnlyList<ZcrxQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        return await Owner.ResumeOnAsync([.. queues.Select(static queue => queue.Loop.Host)]).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the suspended connections. Their sockets are reset, and their observers receive a <see cref="ZcrxStreamException"/> with the
    /// stream position.
    /// </summary>
    public void EndAll() => Owner.EndAll(forGood: false);

    /// <summary>
    /// Ends the suspended connections as <see cref="EndAll()"/> does. Connections that are suspended later are ended at once.
    /// </summary>
    public void Dispose() => Owner.EndAll(forGood: true);
}
