using Zcrx.Rx.Moving;

namespace Zcrx.Rx;

/// <summary>Holds the connections of closed queues until another queue resumes them at the same stream offset.</summary>
/// <remarks>
/// <para>
/// Pass this object to <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>. Connections are
/// suspended by <see cref="ZcrxQueue.SuspendAsync"/>, and by a failure of the queue if the positions of their streams are certain. Other
/// streams end with an error. No queue receives for suspended connections, so TCP makes their senders wait. Sending works until the socket
/// is full. A suspended connection can be closed.
/// </para>
/// <para>
/// Threading: all members are thread-safe. Ownership: the creator disposes the object. Disposal ends the
/// remaining connections with an error.
/// </para>
/// </remarks>
public sealed class ZcrxSuspendedConnections : IDisposable
{
    /// <summary>Gets the number of suspended connections.</summary>
    public int Count => Owner.Count;

    internal SuspendedConnectionOwner Owner { get; } = new();

    /// <summary>
    /// Lets a queue resume all suspended connections, and those that are suspended later, until the queue ends or
    /// another call names other queues.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <returns>The number of connections that the queue has resumed. The others stay suspended if the queue has ended.</returns>
    public Task<int> ContinueOnAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return ContinueOnAsync([queue]);
    }

    /// <summary>Distributes the suspended connections, and those that are suspended later, over queues.</summary>
    /// <param name="queues">The queues. If empty, connections stay suspended.</param>
    /// <returns>
    /// The number of connections that were resumed. A connection stays suspended if the queue that was to resume it has ended.
    /// </returns>
    public async Task<int> ContinueOnAsync(IReadOnlyList<ZcrxQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        return await Owner.ResumeOnAsync([.. queues.Select(static queue => queue.Loop.Host)]).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the suspended connections. Their observers receive a <see cref="ZcrxStreamException"/> with the position,
    /// and their sockets are reset.
    /// </summary>
    public void EndAll() => Owner.EndAll(forGood: false);

    /// <summary>Ends the suspended connections like <see cref="EndAll()"/>. Connections that are suspended later end at once.</summary>
    public void Dispose() => Owner.EndAll(forGood: true);
}
