using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Counts the work on a connection besides its socket: work of operators off the ring thread, of handlers and of
/// the application. Thread-safe.
/// </summary>
internal sealed class ConnectionWork(ConnectionControl control)
{
    private readonly TaskCompletionSource _finished = new(Threads.ContinuationOptions);
    // Counts 1 for the open socket, plus the work that has not ended.
    private int _unfinished = 1;
    private IConnectionHost? _lastHost;

    /// <summary>Gets a task that ends when the socket is closed and all work has ended.</summary>
    public Task Finished => _finished.Task;

    /// <summary>
    /// Gets a value indicating whether any work is unfinished. Valid only while the socket is open, because the open socket counts as 1.
    /// </summary>
    public bool IsAny => Volatile.Read(ref _unfinished) > 1;

    /// <summary>Records that work begins.</summary>
    public void Begin() => Interlocked.Increment(ref _unfinished);

    /// <summary>Records that work has ended.</summary>
    public void End()
    {
        int left = Interlocked.Decrement(ref _unfinished);
        if (left == 1)
        {
            // If the stream has ended, the connection may wait for the end of this work.
            control.Synchronize();
        }
        else if (left == 0)
        {
            Abandon();
        }
    }

    /// <summary>Records that the socket is closed.</summary>
    /// <param name="host">The queue, which waits for the work when it stops.</param>
    public void EndSocket(IConnectionHost host)
    {
        _lastHost = host;
        host.BeginLateWork(this);
        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            Abandon();
        }
    }

    /// <summary>Completes <see cref="Finished"/>, once. Later work on the closed connection does not count.</summary>
    /// <remarks>Also called when the queue ends, after it has waited for work as long as its drain allowed.</remarks>
    public void Abandon()
    {
        if (_finished.TrySetResult())
        {
            _lastHost!.EndLateWork(this);
        }
    }
}
