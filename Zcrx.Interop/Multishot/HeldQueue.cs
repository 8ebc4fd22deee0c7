using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Multishot;

/// <summary>
/// Holds the lock of one queue while a series of completions is translated. Posts one copy notification for all bytes that the
/// series has copied.
/// </summary>
/// <remarks>Consecutive completions usually belong to the same queue, so the lock is taken once for all of them.</remarks>
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

    /// <summary>Posts the copy notification if one is due, then releases the lock.</summary>
    public void Release()
    {
        if (_queue is { } held)
        {
            SettleCopies();
            _queue = null;
            held.Gate.Exit();
        }
    }

    /// <summary>Records that bytes were copied into buffers of the queue, so that a copy notification is due.</summary>
    public void NoteCopies() => _owesCopyNotification = true;

    /// <summary>Posts the copy notification if bytes were copied since the last one.</summary>
    public void SettleCopies()
    {
        if (_owesCopyNotification)
        {
            _owesCopyNotification = false;
            _queue!.Notify(ZCRX_EVENT_COPY);
        }
    }
}
