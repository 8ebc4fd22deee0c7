using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Multishot;

/// <summary>Holds the lock of one queue while completions of its receives are translated. Reports their copied bytes together.</summary>
/// <remarks>Consecutive completions usually belong to the same queue. The lock is then taken once for all of them.</remarks>
internal sealed class HeldQueue
{
    private EmulatedInterfaceQueue? _queue;
    private bool _owesCopyNotification;

    /// <summary>Takes the lock of a queue. Releases the lock of any other queue.</summary>
    public void Hold(EmulatedInterfaceQueue queue)
    {
        if (_queue != queue)
        {
            Release();
            queue.Gate.Enter();
            _queue = queue;
        }
    }

    /// <summary>Reports the copies, then releases the lock.</summary>
    public void Release()
    {
        if (_queue is { } held)
        {
            SettleCopies();
            _queue = null;
            held.Gate.Exit();
        }
    }

    /// <summary>Records that bytes were copied into buffers of the queue.</summary>
    public void NoteCopies() => _owesCopyNotification = true;

    /// <summary>Reports the copies since the last report.</summary>
    public void SettleCopies()
    {
        if (_owesCopyNotification)
        {
            _owesCopyNotification = false;
            _queue!.Notify(ZCRX_EVENT_COPY);
        }
    }
}
