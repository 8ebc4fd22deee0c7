using Zcrx.Interop;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Notifications;
using Zcrx.Rx.Queues;

namespace Zcrx.Rx.Loop;

/// <content>Opening: the ring, and the queue that is registered, waited for, or gone on with.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // What a page pool keeps by itself: a cache of 128 buffers, and a ring of 256 to 1024 of them.
    private const int FewestNicBuffers = 1024;

    private void Open()
    {
        _wakeFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_wakeFd < 0)
        {
            throw new ZcrxException("Creating the ring thread's eventfd", -_wakeFd, "the process cannot have more descriptors", "Raise the limit on open files (`ulimit -n`)");
        }

        IoRingOptions ringOptions = new()
        {
            SubmissionEntries = (uint)_options.SubmissionEntries,
            CompletionEntries = (uint)_options.CompletionEntries,
            BusyPoll = _options.BusyPoll,
            PreferBusyPoll = _options.PreferBusyPoll,
        };
        _ring = IoRing.Create(_kernel, ringOptions);
        _queue = Exported is { } exported ? InterfaceQueue.Import(_ring, exported, _options.RecordLeaseOrigins, _options.CheckBorrows, SignalWake) : Register();
        WatchLink();
        _queue.Ledger.Refill = ReturnBuffer;
        long interval = ToTicks(_options.NotificationInterval);
        _noBuffers = new ArmMachine(IsRegistered(ZcrxNotificationType.NoBuffers), interval);
        _copies = new ArmMachine(IsRegistered(ZcrxNotificationType.Copy), interval);
        OnPoolSizeKnown();
        _events.PressureChanged(new PoolPressure(_options.Name, PoolPressureLevel.Normal, 0, _poolSize, 0, _time.GetUtcNow()));
    }

    private InterfaceQueue Register()
    {
        InterfaceQueueOptions queueOptions = new()
        {
            Interface = _isOnNic ? _options.Interface : null,
            RxQueue = _isOnNic ? (uint)_options.RxQueue : 0,
            AreaSize = (nuint)_options.AreaSize,
            RxBufferLength = (uint)_options.BufferLength,
            HugePages = _options.HugePages,
            SharedMemory = _options.SharedMemory,
            DmaBuf = _isOnNic ? _options.DmaBuf : null,
            NotificationUserData = new UserData(RequestKind.Notification, 0, 0).Encode(),
            RecordLeaseOrigins = _options.RecordLeaseOrigins,
            CheckBorrows = _options.CheckBorrows,
        };
        InterfaceQueue queue = Register(queueOptions);
        if (queue.WhyPageBuffers is { } why)
        {
            Engine = Engine with { Reason = $"{Engine.Reason}; {why}" };
        }

        if (_isOnNic && queue.Buffers < FewestNicBuffers)
        {
            Engine = Engine with { Reason = $"{Engine.Reason}; with {queue.Buffers} buffers, fewer than {FewestNicBuffers}, the NIC may keep all of them for itself, and flows that arrive elsewhere then find none to be copied into" };
        }

        queue.Memory.Register(this);
        return queue;
    }

    /// <summary>The queue's last owner may be on its way out: a ring's exit goes on after its process has ended.</summary>
    private InterfaceQueue Register(InterfaceQueueOptions queueOptions)
    {
        BusyWait wait = new(_options.BusyTimeout);
        long start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return InterfaceQueue.Register(_ring, queueOptions, _capabilities, SignalWake);
            }
            catch (ZcrxQueueBusyException busy)
            {
                if (wait.Next(_time.GetElapsedTime(start)) is not { } pause || _endAsked.Wait(pause))
                {
                    throw new ZcrxQueueBusyException(busy.Operation, busy.ErrorNumber, $"{busy.Cause}; {RingOwners.Describe()}", busy.Fix, busy);
                }
            }
        }
    }
}
