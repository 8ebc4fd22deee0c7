using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Counts the unfinished work on a connection, such as the work of handlers, of the application and of operators off the ring thread.
/// Thread-safe.
/// </summary>
internal sealed class ConnectionWork(ConnectionControl control)
{
    private readonly TaskCompletionSource _finished = new(Threads.ContinuationOptions);
    // The open socket counts as 1, and each unfinished work counts as 1 more.
    private int _unfinished = 1;
    private int _relays;
    private IConnectionHost? _lastHost;

    /// <summary>Gets a task that completes when the socket is closed and all work has ended.</summary>
    public Task Finished => _finished.Task;

    /// <summary>
    /// Gets a value indicating whether any work is unfinished. Valid only while the socket is open, because the result assumes that the
    /// open socket counts as 1.
    /// </summary>
    public bool IsAny => Volatile.Read(ref _unfinished) > 1;

    /// <summary>Gets a value indicating whether any work is unfinished besides one that the caller has begun.</summary>
    public bool IsAnyOther => Volatile.Read(ref _unfinished) > 2;

    /// <summary>Gets a value indicating whether a relay uses the stream. A queue that stops does not end such a stream.</summary>
    public bool IsRelaying => Volatile.Read(ref _relays) > 0;

    /// <summary>Records that a relay begins, which counts as work.</summary>
    public void BeginRelay()
    {
        Begin();
        Interlocked.Increment(ref _relays);
    }

    /// <summary>Records that a relay has ended.</summary>
    public void EndRelay()
    {
        Interlocked.Decrement(ref _relays);
        End();
    }

    /// <summary>Records that work begins.</summary>
    public void Begin() => Interlocked.Increment(ref _unfinished);

    /// <summary>Records that work has ended.</summary>
    public void End()
    {
        int left = Interlocked.Decrement(ref _unfinished);
        if (left == 1)
        {
            // If the stream has ended, the connection may have stayed open only for this work.
            control.Synchronize();
        }
        else if (left == 0)
        {
            Abandon();
        }
    }

    /// <summary>Records that the socket is closed.</summary>
    /// <param name="host">The queue. When it stops, it waits for the unfinished work.</param>
    public void EndSocket(IConnectionHost host)
    {
        _lastHost = host;
        host.BeginLateWork(this);
        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            Abandon();
        }
    }

    /// <summary>Completes <see cref="Finished"/> once. Work that begins on the closed connection afterwards does not count.</summary>
    /// <remarks>The queue also calls this when it ends. It has then waited for the work as long as its drain time allowed.</remarks>
    public void Abandon()
    {
        if (_finished.TrySetResult())
        {
            _lastHost!.EndLateWork(this);
        }
    }
}
