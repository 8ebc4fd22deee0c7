using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>What a process hands over when its successor comes. Called by <see cref="ZcrxTakeover.Serve"/>, one call at a time, on the thread pool.</summary>
public interface ITakeoverSource
{
    /// <summary>The listening sockets, each with its name. They stay in use, and the caller's; the successor gets duplicates.</summary>
    /// <returns>All of them; at most 200.</returns>
    IReadOnlyList<KeyValuePair<string, Socket>> GetListeners();

    /// <summary>The successor is ready, and there is no way back: stop accepting.</summary>
    /// <param name="successor">The successor's process id.</param>
    /// <returns>A task that ends when nothing more is accepted, and what had been accepted is being served.</returns>
    Task ReleaseAsync(int successor);

    /// <summary>A successor came, and nothing became of it. Everything goes on as it was.</summary>
    /// <param name="cause">Why.</param>
    void OnAttemptFailed(Exception cause);
}
