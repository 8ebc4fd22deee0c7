using Zcrx.Interop;
using Zcrx.Interop.Capabilities;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Registers an interface queue on its ring, or imports a queue that was exported. Ring thread only.</summary>
internal sealed class QueueRegistration(ZcrxQueueOptions options, QueueEngine engine, RingClock clock, ManualResetEventSlim endRequested, Action wake)
{
    // The kernel's page pool of a NIC queue may keep 128 buffers in a cache and 256 to 1024 buffers in a ring. A smaller area may therefore
    // end up completely in the page pool.
    private const int FewestNicBuffers = 1024;

    /// <summary>Registers a new interface queue with the kernel.</summary>
    /// <exception cref="ZcrxException">The kernel refused to register the queue.</exception>
    public InterfaceQueue Register(IoRing ring)
    {
        bool isOnNic = engine.IsOnNic;
        InterfaceQueueOptions queueOptions = new()
        {
            Interface = isOnNic ? options.Interface : null,
            RxQueue = isOnNic ? (uint)options.RxQueue : 0,
            AreaSize = (nuint)options.AreaSize,
            RxBufferLength = (uint)options.BufferLength,
            HugePages = options.HugePages,
            SharedMemory = options.SharedMemory,
            DmaBuf = isOnNic ? options.DmaBuf : null,
            NotificationUserData = new UserData(RequestKind.Notification, 0, 0).Encode(),
            RecordLeaseOrigins = options.RecordLeaseOrigins,
            CheckBorrows = options.CheckBorrows,
        };
        InterfaceQueue queue = Register(ring, queueOptions);
        if (queue.WhyPageBuffers is { } why)
        {
            engine.Remark(why);
        }

        if (isOnNic && queue.Buffers < FewestNicBuffers)
        {
            engine.Remark($"with {queue.Buffers} buffers, fewer than {FewestNicBuffers}, the NIC may keep all buffers, so that none is left for copying flows that arrive on other RX queues");
        }

        return queue;
    }

    /// <summary>Imports an exported queue on this ring.</summary>
    /// <exception cref="ZcrxException">The kernel refused to import the queue.</exception>
    public InterfaceQueue Import(IoRing ring, ExportedQueue exported) => InterfaceQueue.Import(ring, exported, options.RecordLeaseOrigins, options.CheckBorrows, wake);

    /// <summary>
    /// Registers a queue. Retries while it is busy, because the kernel closes a ring some time after its process has ended.
    /// </summary>
    private InterfaceQueue Register(IoRing ring, InterfaceQueueOptions queueOptions)
    {
        BusyRetry wait = new(options.BusyTimeout);
        long start = clock.Now;
        while (true)
        {
            try
            {
                return InterfaceQueue.Register(ring, queueOptions, engine.Capabilities, wake);
            }
            catch (ZcrxQueueBusyException busy)
            {
                if (wait.Next(clock.Elapsed(start, clock.Now)) is not { } pause || endRequested.Wait(pause))
                {
                    throw new ZcrxQueueBusyException(busy.Operation, busy.ErrorNumber, $"{busy.Cause}; {RingOwners.Describe()}", busy.Fix, busy);
                }
            }
        }
    }
}
