using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>
/// Represents the listeners and queues that a process offers to its successor. <see cref="ZcrxTakeover.Serve"/> calls the members on the
/// thread pool, one call at a time.
/// </summary>
public interface ITakeoverSource
{
    /// <summary>
    /// Returns the listening sockets with their names. This process still owns and uses the sockets, and the successor receives duplicates.
    /// </summary>
    /// <returns>All listening sockets, at most 200.</returns>
    IReadOnlyList<KeyValuePair<string, Socket>> GetListeners();

    /// <summary>
    /// Returns the queues that the successor may take over. After the takeover, this process still receives on them for its own
    /// connections.
    /// </summary>
    /// <returns>The open queues. The default implementation returns none.</returns>
    IReadOnlyList<ZcrxQueue> GetQueues() => [];

    /// <summary>Reports that a queue cannot be taken over, so the successor must open another queue.</summary>
    /// <param name="queue">The name of the queue.</param>
    /// <param name="reason">The reason, as a clause.</param>
    void OnQueueStays(string queue, string reason)
    {
    }

    /// <summary>
    /// Reports that the successor has ended or has closed a queue, so that this process alone uses the queue again. Called on any thread.
    /// </summary>
    /// <param name="queue">The name of the queue.</param>
    void OnQueueCameBack(string queue)
    {
    }

    /// <summary>Stops accepting connections, because the successor is ready. From now on the takeover cannot be undone.</summary>
    /// <param name="successor">The process id of the successor.</param>
    /// <returns>A task that completes when no further connection is accepted and all accepted ones are being served.</returns>
    Task ReleaseAsync(int successor);

    /// <summary>Reports that a takeover has failed. This process keeps serving.</summary>
    /// <param name="cause">The exception that caused the failure.</param>
    void OnAttemptFailed(Exception cause);
}
