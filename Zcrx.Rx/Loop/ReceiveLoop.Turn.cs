using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Rx.Loop;

/// <content>The turns: commands in, requests out, completions worked off.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // Other threads may add faster than we take; the ring must have its turn.
    private const int CommandsPerTurn = 4096;

    // Position in the batch behind what was worked off last; a crash may come in the middle.
    private uint _workedOff;

    // The time when the turn began: reading the clock once a turn is enough for everything that is due.
    private long _now;

    private void RunTurns()
    {
        while (true)
        {
            _now = _time.GetTimestamp();
            // A full fence: the flag must be down before we look, else who adds now sees it up and wakes nobody.
            Interlocked.Exchange(ref _wakePending, 0);
            TakeCommands();
            TakeReturnedBuffers();
            ArmReceives();
            SeeOff();
            if (_starvedSignal)
            {
                // Somebody was held back: the level must say so before we sleep on it.
                WatchPool();
            }

            ArmListeners();
            RearmNotifications();
            ArmWake();
            LookForStalls();
            if (IsFinished())
            {
                return;
            }

            TimeSpan? timeout = NextTimeout();
            bool mayBlock = _commands.IsEmpty && _dirty.IsEmpty && _armQueue.Count == 0 && PrepareToSleep();
            Enter(mayBlock ? 1u : 0u, timeout);
            _queue.Ledger.Awake();
            WorkOffCompletions();
            AfterTurn();
        }
    }

    private void TakeCommands()
    {
        for (int i = 0; i < CommandsPerTurn && _commands.TryDequeue(out LoopCommand command); i++)
        {
            command.Run();
        }

        for (int i = 0; i < CommandsPerTurn && _dirty.TryDequeue(out ZcrxConnection? connection); i++)
        {
            // Cleared first, with a full fence: a change that comes while we look queues the connection again.
            Interlocked.Exchange(ref connection.SynchronizeQueued, 0);
            BringInLine(connection);
        }
    }

    private bool HasDroppedCompletions => _ring.Completion.Dropped != 0;

    private static bool IsFatal(int enterResult) => enterResult is < 0 and not (-Errno.ETIME or -Errno.EINTR or -Errno.EBUSY or -Errno.EAGAIN);

    private void Enter(uint minComplete, TimeSpan? timeout)
    {
        int result = _ring.SubmitAndWait(minComplete, minComplete == 0 ? null : timeout);
        if (IsFatal(result))
        {
            _isDead = true;
            throw new ZcrxException("Entering the ring", -result, "the ring is broken", "Restart the queue");
        }

        if (HasDroppedCompletions)
        {
            throw new ZcrxException("Reading completions", Errno.EBADR, "the kernel had to drop completions, so the streams' positions are unknown", "Use a larger completion ring (CompletionEntries)");
        }
    }

    private void WorkOffCompletions()
    {
        CompletionQueue completions = _ring.Completion;
        if (_ring.Submission.IsCompletionOverflown)
        {
            Counters.Overflows++;
        }

        _turn++;
        uint ready = completions.Ready;
        _completionsFull = ready == completions.Capacity;
        while (_workedOff < ready)
        {
            Completion* next = completions.PeekRun(_workedOff, ready, out uint count);
            if (DeliveryRun.IsData(*next))
            {
                Deliver(next, count);
                continue;
            }

            // Before it is looked at: whatever goes wrong with it must not happen again when a crash is mopped up.
            _workedOff++;
            OnEvent(*next);
        }

        completions.Advance(ready);
        _workedOff = 0;
    }

    /// <summary>Anything but received data.</summary>
    private void OnEvent(in Completion completion)
    {
        UserData data = UserData.Decode(completion.UserData);
        switch (data.Kind)
        {
            case RequestKind.Receive:
                OnReceiveEnded(data, completion.Result);
                break;
            case RequestKind.Accept:
                OnAccept(data, completion);
                break;
            case RequestKind.Wake:
                _wakeArmed = false;
                break;
            case RequestKind.Notification:
                OnNotification((ZcrxNotificationType)completion.Result);
                break;
            case RequestKind.Writable:
                OnWritable(data, completion.Result);
                break;
            case RequestKind.HangUp:
                OnHangUp(data, completion.Result);
                break;
            default:
                break;
        }
    }

    /// <summary>An entry to fill in; makes room by submitting when the ring is full.</summary>
    private io_uring_sqe* Prepare()
    {
        io_uring_sqe* entry = _ring.Submission.TryPrepare();
        if (entry == null)
        {
            SubmitForRoom();
            entry = _ring.Submission.TryPrepare();
        }

        return entry;
    }

    /// <summary>Hands prepared entries over; afterwards there is room for one. Safe while completions are worked off: they stay where they are.</summary>
    private void SubmitForRoom()
    {
        int result = _ring.Submit();
        if (_ring.Submission.Pending >= _ring.Submission.Capacity)
        {
            throw new ZcrxException("Submitting requests", result < 0 ? -result : Errno.EBUSY, "the kernel does not consume the submission ring", "Restart the queue");
        }
    }

    private void ArmWake()
    {
        if (_wakeArmed)
        {
            return;
        }

        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_READ;
        entry->fd = _wakeFd;
        entry->addr = (ulong)_wakeBuffer;
        entry->len = sizeof(ulong);
        entry->off = ulong.MaxValue;
        entry->user_data = new UserData(RequestKind.Wake, 0, 0).Encode();
        _wakeArmed = true;
    }

    private void PrepareCancel(ulong target)
    {
        if (_isDead)
        {
            return;
        }

        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_ASYNC_CANCEL;
        entry->fd = -1;
        entry->addr = target;
        entry->user_data = new UserData(RequestKind.Cancel, 0, 0).Encode();
    }

    private TimeSpan? NextTimeout()
    {
        long due = long.Min(_noBuffers.Due, _copies.Due);
        foreach (ListenerEntry listener in _pendingListeners)
        {
            due = long.Min(due, listener.RetryAt);
        }

        if (_starved.Count > 0)
        {
            due = long.Min(due, _retryStarvedAt);
        }

        due = long.Min(due, _lookAt);
        if (_draining)
        {
            // What is being waited for, an empty socket or a lease, has no completion of its own.
            due = long.Min(due, long.Min(_stopDeadline, _now + ToTicks(DrainPoll)));
        }
        else if (_stopping)
        {
            due = long.Min(due, _stopDeadline);
        }

        if (due == long.MaxValue)
        {
            return null;
        }

        double seconds = (double)(due - _now) / _time.TimestampFrequency;
        // Longer than a day may be more than the kernel takes, and is no different from forever.
        return TimeSpan.FromSeconds(double.Clamp(seconds, 0, 86_400));
    }
}
