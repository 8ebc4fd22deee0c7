using Zcrx.Interop.Kernel;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Represents a connection on its way from one queue to another, or out of the library.</summary>
/// <param name="source">The queue that the connection leaves.</param>
/// <param name="target">The queue that the connection moves to; null when it leaves the library.</param>
/// <param name="isRescue">Whether the connection moves because the source cannot receive the next bytes.</param>
internal sealed class ConnectionMove(ConnectionHost source, ConnectionHost? target, bool isRescue = false) : IPendingMove
{
    private readonly TaskCompletionSource<bool> _done = new(Threads.ContinuationOptions);

    public ConnectionHost Source { get; set; } = source;

    public ConnectionHost? Target => target;

    /// <summary>Gets or sets the bytes of a detached connection that no observer had received.</summary>
    public ReadOnlyMemory<byte> Unread { get; set; }

    public bool IsRescue => isRescue;

    /// <summary>
    /// Gets a value indicating whether the owner of suspended connections began this move. If the target is closed, <see cref="Done"/> is
    /// then false and does not fault.
    /// </summary>
    public bool IsContinuation { get; init; }

    public IMoveWatcher? Watcher { get; init; }

    /// <summary>Gets or sets a value indicating whether a sender waits for room in the socket.</summary>
    public bool AwaitsRoom { get; set; }

    /// <summary>Gets or sets the time at which the detachment began to wait for a full socket; null if it has not waited.</summary>
    public long? WaitsSince { get; set; }

    /// <summary>Gets or sets the entry of the connection in the suspended connections; null when it comes from a queue.</summary>
    public SuspendedConnection? Suspended { get; set; }

    /// <summary>Gets a task whose result is true when the target has the connection, or when the connection was detached.</summary>
    /// <remarks>
    /// The result is false when the move was given up, for example because the connection has ended. The task
    /// faults when the target is closed.
    /// </remarks>
    public Task<bool> Done => _done.Task;

    public void Succeed() => _done.TrySetResult(true);

    public void GiveUp() => _done.TrySetResult(false);

    public void Refuse() => _done.TrySetException(new ObjectDisposedException(target!.Name, "The queue is closed; the connection stays where it was."));
}
