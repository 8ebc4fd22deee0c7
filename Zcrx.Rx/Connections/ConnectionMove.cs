using Zcrx.Rx.Loop;

namespace Zcrx.Rx.Connections;

/// <summary>A connection on its way from one queue to another, or out of the library.</summary>
internal sealed class ConnectionMove(ReceiveLoop source, ReceiveLoop? target, bool isRescue = false)
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReceiveLoop Source { get; set; } = source;

    /// <summary>Where to; null for out.</summary>
    public ReceiveLoop? Target => target;

    /// <summary>Of a connection that has gone out: bytes that no observer had seen.</summary>
    public ReadOnlyMemory<byte> Unread { get; set; }

    /// <summary>Whether it moves because the source cannot receive what comes next.</summary>
    public bool IsRescue => isRescue;

    /// <summary>Whether a parking sends it, and nobody waits for this very move.</summary>
    public bool IsContinuation { get; init; }

    /// <summary>Who wants to know how it gets on.</summary>
    public IMoveWatcher? Watcher { get; init; }

    /// <summary>Whether a sender waits for room in the socket.</summary>
    public bool AwaitsRoom { get; set; }

    /// <summary>What it waits in, when it has no queue; null when it comes from one.</summary>
    public ParkedConnection? Parked { get; set; }

    /// <summary>True when the target, if any, has the connection, false when the connection has ended, faulted when the target is closed.</summary>
    public Task<bool> Done => _done.Task;

    public void Succeed() => _done.TrySetResult(true);

    public void GiveUp() => _done.TrySetResult(false);

    public void Refuse(string target) => _done.TrySetException(new ObjectDisposedException(target, "The queue is closed; the connection stays where it was."));
}
