using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>How a queue ends.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private static readonly TimeSpan CancelDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestDeadline = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private bool _stopping;
    private bool _draining;
    // The connections go on elsewhere.
    private bool _keeps;
    private bool _isSalvaging;
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
        RemoveListeners();
    }

    private void BeginParking(TimeSpan drain)
    {
        if (_stopping || _draining)
        {
            return;
        }

        _keeps = true;
        _draining = true;
        // Without a NIC, bytes in a socket are nobody's, and whoever comes next receives them. On one they lie in our memory, and go with it.
        _stopDeadline = _time.GetTimestamp() + (_isOnNic ? ToTicks(drain) : 0);
        RemoveListeners();
    }

    private void RemoveListeners()
    {
        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            Remove(listener);
        }
    }


    /// <summary>Whether the loop may end; while it stops, also what moves the stopping on.</summary>
    private bool IsFinished()
    {
        if (_draining && (_time.GetTimestamp() >= _stopDeadline || (_keeps ? !HasUnreceived() : IsDrained())))
        {
            _draining = false;
            _stopping = true;
            _stopDeadline = _time.GetTimestamp() + ToTicks(CancelDeadline);
            foreach (ZcrxConnection connection in _connections.Snapshot())
            {
                if (_keeps)
                {
                    connection.IsLeaving = true;
                }
                else
                {
                    connection.RequestClose(abort: false);
                }

                BringInLine(connection);
            }
        }

        if (!_stopping)
        {
            return false;
        }

        if (_listeners.Count == 0 && (_connections.Count == 0 || (_keeps && !HasReceives())))
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
            if (connection.IsStarved || connection.IsStranded || connection.IsPausedByPressure)
            {
                return false;
            }
        }

        // Also those of connections that are closed already.
        return !HasUnreceived() && _queue.Ledger.Kept == 0;
    }

    private bool HasUnreceived() => Array.Exists(_connections.Snapshot(), static connection => connection.WantsReceive && HasSomething(connection));

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

    private bool HasReceives() => Array.Exists(_connections.Snapshot(), static connection => connection.ReceiveState is ReceiveState.Armed or ReceiveState.Cancelling);

    /// <summary>After a failure: delivers what the kernel had taken from the sockets by then, and ends the receives in order if the ring still works.</summary>
    /// <returns>Whether every completion was worked off: then it is certain where each stream stands.</returns>
    private bool Salvage(Exception crash)
    {
        _isSalvaging = true;
        // Who was stopping anyway, stops.
        _keeps |= Parking is not null && !_stopping && !_draining;
        _draining = true;
        if (_isCorrupt || HasDroppedCompletions)
        {
            return false;
        }

        try
        {
            EndInterrupted(crash);
            WorkOffCompletions();
            if (_isOnNic)
            {
                ReceiveTheRest();
                EndInterrupted(crash);
            }

            if (!_isDead)
            {
                RemoveListeners();
                foreach (ZcrxConnection connection in _connections.Snapshot())
                {
                    connection.IsLeaving = true;
                    BringInLine(connection);
                }
            }

            long deadline = _time.GetTimestamp() + ToTicks(CancelDeadline);
            while (!_isDead && (HasReceives() || _listeners.Count > 0) && deadline - _time.GetTimestamp() is var left and > 0)
            {
                _isDead = IsFatal(_ring.SubmitAndWait(1, TimeSpan.FromSeconds((double)left / _time.TimestampFrequency)));
                if (HasDroppedCompletions)
                {
                    return false;
                }

                WorkOffCompletions();
            }

            return !HasDroppedCompletions;
        }
#pragma warning disable CA1031 // A second failure: what is not certain by now never will be. The first one is what is reported.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    /// <summary>Ends the streams of those whose buffer was being delivered when something failed, before more of their bytes come: there may be a gap.</summary>
    private void EndInterrupted(Exception crash)
    {
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            if (connection.WasInterrupted)
            {
                connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, WhyEnded(crash, Survival.IsBroken), "", crash));
            }
        }
    }

    /// <summary>On a NIC, what lies in a socket lies in this queue's memory, and nobody else will be able to receive it.</summary>
    private void ReceiveTheRest()
    {
        long deadline = _time.GetTimestamp() + ToTicks(RestDeadline);
        try
        {
            while (!_isDead && !HasDroppedCompletions && HasUnreceived() && _time.GetTimestamp() < deadline)
            {
                TakeReturnedBuffers();
                ArmReceives();
                _isDead = IsFatal(_ring.SubmitAndWait(1, DrainPoll));
                WorkOffCompletions();
            }
        }
#pragma warning disable CA1031 // What failed once may fail again. What is left is missed, and told, when the stream should go on.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>Ring first, memory after: the kernel may write until the ring is closed.</summary>
    private void TearDown(Exception? crash)
    {
        bool isReadToItsEnd = crash is null || Salvage(crash);
        if (!isReadToItsEnd && !_isCorrupt)
        {
            CloseUnseenSockets();
        }

        _isDead = true;
        _ring.Dispose();
        foreach (ZcrxConnection connection in _connections.Snapshot())
        {
            bool mayWait = _keeps && Parking is not null && !connection.CloseRequested;
            Survival survival = SurvivalRule.Decide(connection.ReceiveState, isReadToItsEnd, connection.WasInterrupted, mayWait);
            if (survival == Survival.GoesOn)
            {
                Park(connection);
                continue;
            }

            connection.HasEnded = true;
            connection.ReceiveState = ReceiveState.Idle;
            connection.RequestClose(abort: crash is not null || survival == Survival.IsBroken);
            connection.IsAwaitingRoom = false;
            Close(connection, WhyEnded(crash, survival), crash);
        }

        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            Finish(listener, crash is null ? null : new ZcrxException($"Accepting on the queue {_options.Name}", 0, "the queue failed", "", crash));
        }

        Release();
        _events.Complete();
    }

    private string WhyEnded(Exception? crash, Survival survival) => (crash, survival) switch
    {
        (null, _) => "the queue was closed",
        (_, Survival.IsBroken) => $"the queue {_options.Name} failed, and bytes may be missing after this position",
        _ => $"the queue {_options.Name} failed, and no other goes on with its connections",
    };

    private void Release()
    {
        _linkWatch?.Dispose();
        _ring?.Dispose();
        lock (_queueGate)
        {
            if (_queue is not null)
            {
                LeaveBuffers();
                _ = _queue.Memory.ResignAsync(this);
            }

            _lastCopies = _queue?.ReadStatistics() ?? default;
            _refusesCommands = true;
            _queue?.Dispose();
        }

        // Only now: split cannot be switched off under a queue.
        Ending?.Dispose();
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
