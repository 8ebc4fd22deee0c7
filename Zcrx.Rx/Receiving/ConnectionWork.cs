using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Receiving;

/// <summary>Counts the work on a connection besides its socket: of operators off the ring thread, handlers and the application. Threading: all members from any thread.</summary>
internal sealed class ConnectionWork(ConnectionControl control)
{
    private readonly TaskCompletionSource _finished = new(Threads.ContinuationOptions);
    // The socket, and the work that has not ended.
    private int _unfinished = 1;
    private IConnectionHost? _lastHost;

    /// <summary>Gets a task that ends when the socket is closed and all work has ended.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Gets a value indicating whether work has not ended. Meaningful while the socket is open.</summary>
    public bool IsAny => Volatile.Read(ref _unfinished) > 1;

    /// <summary>Records that work begins.</summary>
    public void Begin() => Interlocked.Increment(ref _unfinished);

    /// <summary>Records that work has ended.</summary>
    public void End()
    {
        int left = Interlocked.Decrement(ref _unfinished);
        if (left == 1)
        {
            // A connection whose stream has ended may wait for this.
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

    /// <summary>Ends the count, once. Later work on the closed connection does not count. A queue that ends has waited for work as long as its drain allowed.</summary>
    public void Abandon()
    {
        if (_finished.TrySetResult())
        {
            _lastHost!.EndLateWork(this);
        }
    }
}
