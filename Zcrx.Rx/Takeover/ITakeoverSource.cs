using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>
/// Represents the listeners and queues that a process offers to its successor. Called by <see cref="ZcrxTakeover.Serve"/>, one call
/// at a time, on the thread pool.
/// </summary>
public interface ITakeoverSource
{
    /// <summary>
    /// Returns the listening sockets, each with its name. The caller still owns and uses them. The successor receives duplicates.
    /// </summary>
    /// <returns>All sockets; at most 200.</returns>
    IReadOnlyList<KeyValuePair<string, Socket>> GetListeners();

    /// <summary>Returns the queues that the successor may take over. They continue to receive for their connections.</summary>
    /// <returns>The open queues; none by default.</returns>
    IReadOnlyList<ZcrxQueue> GetQueues() => [];

    /// <summary>Reports that the successor does not take a queue over, and has to open another queue.</summary>
    /// <param name="queue">The queue's name.</param>
    /// <param name="reason">The reason, as a clause.</param>
    void OnQueueStays(string queue, string reason)
    {
    }

    /// <summary>
    /// Reports that only this process uses a queue again: the successor has ended, or has closed the queue. Called on any thread.
    /// </summary>
    /// <param name="queue">The queue's name.</param>
    void OnQueueCameBack(string queue)
    {
    }

    /// <summary>Stops accepting: the successor is ready, and the takeover cannot be undone.</summary>
    /// <param name="successor">The successor's process id.</param>
    /// <returns>A task that ends when nothing more is accepted, and all accepted connections are being served.</returns>
    Task ReleaseAsync(int successor);

    /// <summary>Reports a takeover that has failed. This process keeps serving.</summary>
    /// <param name="cause">The cause.</param>
    void OnAttemptFailed(Exception cause);
}
