using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>How a queue ends.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private void BeginStop(TimeSpan drain)
    {
        if (_stopping)
        {
            return;
        }

        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            Remove(listener);
        }

        _draining = true;
        _drainDeadline = _time.GetTimestamp() + ToTicks(drain);
    }

    /// <summary>Whether the loop may end; while it stops, also what moves the stopping on.</summary>
    private bool IsFinished()
    {
        if (_draining && (_time.GetTimestamp() >= _drainDeadline || IsDrained()))
        {
            _draining = false;
            _stopping = true;
            _drainDeadline = _time.GetTimestamp() + ToTicks(CancelDeadline);
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
        return _time.GetTimestamp() >= _drainDeadline;
    }

    /// <summary>Everything that had arrived has been delivered, and what consumers keep has come back.</summary>
    private bool IsDrained()
    {
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            bool waiting = connection.WantsReceive && Available(connection) > 0;
            if (waiting || connection.IsStarved || connection.IsPausedByPressure || connection.BuffersHeld > 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int Available(ZcrxConnection connection)
    {
        try
        {
            return connection.Socket.Available;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return 0;
        }
    }

    /// <summary>Ring first, memory after: the kernel may write until the ring is closed.</summary>
    private void TearDown(Exception? crash)
    {
        // A crash leaves completions behind that nobody has looked at: where each stream stands is not certain, so each is told.
        _ring.Dispose();
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            connection.HasEnded = true;
            connection.ReceiveState = ReceiveState.Idle;
            connection.RequestClose(abort: crash is not null);
            connection.IsAwaitingRoom = false;
            Close(connection, crash is null
                ? new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, "the queue was closed", "")
                : new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, $"the queue {_options.Name} failed, and bytes may be missing after this position", "", crash));
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
        _queue?.Dispose();
        lock (_wakeGate)
        {
            if (_wakeFd >= 0)
            {
                _ = Libc.Close(_wakeFd);
                _wakeFd = -1;
            }
        }

        NativeMemory.Free(_wakeBuffer);
        while (_commands.TryDequeue(out _))
        {
            // Commands that nobody can run any more; those who wait for one look at the end of the loop as well.
        }
    }
}
