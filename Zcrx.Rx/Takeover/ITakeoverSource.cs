using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>What a process hands over when its successor comes. Called by <see cref="ZcrxTakeover.Serve"/>, one call at a time, on the thread pool.</summary>
public interface ITakeoverSource
{
    /// <summary>The listening sockets, each with its name. They stay in use, and the caller's; the successor gets duplicates.</summary>
    /// <returns>All of them; at most 200.</returns>
    IReadOnlyList<KeyValuePair<string, Socket>> GetListeners();

    /// <summary>The queues that may go over. They go on receiving for their connections.</summary>
    /// <returns>Those that are open; none by default.</returns>
    IReadOnlyList<ZcrxQueue> GetQueues() => [];

    /// <summary>A queue does not go over; the successor has to open one of its own.</summary>
    /// <param name="queue">Its name.</param>
    /// <param name="reason">Why, as a clause.</param>
    void OnQueueStays(string queue, string reason)
    {
    }

    /// <summary>A queue that went over is this process's alone again: the successor has ended, or has closed it. Any thread.</summary>
    /// <param name="queue">Its name.</param>
    void OnQueueCameBack(string queue)
    {
    }

    /// <summary>The successor is ready, and there is no way back: stop accepting.</summary>
    /// <param name="successor">The successor's process id.</param>
    /// <returns>A task that ends when nothing more is accepted, and what had been accepted is being served.</returns>
    Task ReleaseAsync(int successor);

    /// <summary>A successor came, and nothing became of it. Everything goes on as it was.</summary>
    /// <param name="cause">Why.</param>
    void OnAttemptFailed(Exception cause);
}
