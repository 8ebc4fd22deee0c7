using Zcrx.Rx.Moving;

namespace Zcrx.Rx;

/// <summary>Holds the connections of closed queues until another queue resumes them at the same stream offset.</summary>
/// <remarks>
/// <para>Give it to <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>. Connections come here after
/// <see cref="ZcrxQueue.SuspendAsync"/>, and after a failure of the queue if the position of their streams is certain; others get an error. While they wait they are
/// paused: no queue receives for them, so TCP makes their senders wait. Sending works until the socket is full. Closing one closes it at once.</para>
/// <para>Threading: all members from any thread. Ownership: the creator disposes it, which ends the connections that still wait, with an error.</para>
/// </remarks>
public sealed class ZcrxSuspendedConnections : IDisposable
{
    /// <summary>Gets the number of connections that wait here.</summary>
    public int Count => Owner.Count;

    internal SuspendedConnectionOwner Owner { get; } = new();

    /// <summary>Lets a queue resume all connections that wait here, and those that come later, until it ends or another call names others.</summary>
    /// <param name="queue">The queue.</param>
    /// <returns>The number of connections that it has resumed. Those that it could not take, because it ended meanwhile, keep waiting.</returns>
    public Task<int> ContinueOnAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return ContinueOnAsync([queue]);
    }

    /// <summary>Lets several queues resume the connections that wait here and those that come later, evenly.</summary>
    /// <param name="queues">The queues. With none, connections wait.</param>
    /// <returns>The number of connections that were resumed. The others, whose queue ended meanwhile, keep waiting.</returns>
    public async Task<int> ContinueOnAsync(IReadOnlyList<ZcrxQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        return await Owner.ResumeOnAsync([.. queues.Select(static queue => queue.Loop.Host)]).ConfigureAwait(false);
    }

    /// <summary>Ends the connections that wait here: their observers get a <see cref="ZcrxStreamException"/> with the position, their sockets are reset.</summary>
    public void EndAll() => Owner.EndAll(forGood: false);

    /// <summary>Ends the connections that wait here as <see cref="EndAll()"/> does, and those that come later at once.</summary>
    public void Dispose() => Owner.EndAll(forGood: true);
}
