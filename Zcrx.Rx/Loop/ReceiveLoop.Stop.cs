using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Loop;

/// <content>How a queue ends.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private static readonly TimeSpan CancelDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private bool _stopping;
    private bool _draining;
    private long _stopDeadline;

    private void BeginStop(TimeSpan drain)
    {
        if (_stopping)
        {
            return;
        }

        long deadline = _time.GetTimestamp() + ToTicks(drain);
        if (_draining)
        {
            // Whoever has less patience decides.
            _stopDeadline = long.Min(_stopDeadline, deadline);
            return;
        }

        _draining = true;
        _stopDeadline = deadline;
        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            Remove(listener);
        }
    }

    /// <summary>Whether the loop may end; while it stops, also what moves the stopping on.</summary>
    private bool IsFinished()
    {
        if (_draining && (_time.GetTimestamp() >= _stopDeadline || IsDrained()))
        {
            _draining = false;
            _stopping = true;
            _stopDeadline = _time.GetTimestamp() + ToTicks(CancelDeadline);
            foreach (ZcrxConnection connection in _connections.Snapshot())
            {
                connection.RequestClose(abort: false);
                BringInLine(connection);
            }
        }

        if (!_stopping)
        {
            return false;
        }

        if (_connections.Count == 0 && _listeners.Count == 0)
        {
            return true;
        }

        // A request that does not end when it is cancelled cannot be waited for forever; closing the ring ends it.
        return _time.GetTimestamp() >= _stopDeadline;
    }

    /// <summary>Everything that had arrived has been delivered, the ends of streams included, and what consumers keep has come back.</summary>
    private bool IsDrained()
    {
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            bool waiting = connection.WantsReceive && HasSomething(connection);
            if (waiting || connection.IsStarved || connection.IsStranded || connection.IsPausedByPressure)
            {
                return false;
            }
        }

        // Also those of connections that are closed already.
        return _queue.Ledger.Kept == 0;
    }

    /// <summary>Bytes, the end of the stream or an error.</summary>
    private static bool HasSomething(ZcrxConnection connection)
    {
        try
        {
            return connection.Socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Ring first, memory after: the kernel may write until the ring is closed.</summary>
    private void TearDown(Exception? crash)
    {
        // A crash leaves completions behind that nobody has looked at: where each stream stands is not certain, so each is told.
        if (crash is not null && !_isCorrupt)
        {
            CloseUnseenSockets();
        }

        _ring.Dispose();
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            connection.HasEnded = true;
            connection.ReceiveState = Connections.ReceiveState.Idle;
            connection.RequestClose(abort: crash is not null);
            connection.IsAwaitingRoom = false;
            Close(connection, crash is null ? "the queue was closed" : $"the queue {_options.Name} failed, and bytes may be missing after this position", crash);
        }

        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            Finish(listener, crash is null ? null : new ZcrxException($"Accepting on the queue {_options.Name}", 0, "the queue failed", "", crash));
        }

        Release();
        _events.Complete();
    }

    private void Release()
    {
        _ring?.Dispose();
        lock (_queueGate)
        {
            _lastCopies = _queue?.ReadStatistics() ?? default;
            _refusesCommands = true;
            _queue?.Dispose();
        }

        lock (_wakeGate)
        {
            if (_wakeFd >= 0)
            {
                _ = Libc.Close(_wakeFd);
                _wakeFd = -1;
            }
        }

        NativeMemory.Free(_wakeBuffer);
        // The fence pairs with the one in Post.
        Interlocked.MemoryBarrier();
        RefuseCommands();
        ForwardChanges();
    }
}
