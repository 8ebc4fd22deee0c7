using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>
/// Wakes a ring thread that waits in the kernel. The ring reads on an eventfd, and a write to the eventfd completes this read.
/// </summary>
internal sealed unsafe class RingWake
{
    // The innermost lock. A caller may hold any other lock, and no lock is taken while this one is held.
    private readonly Lock _gate = new();
    // The kernel writes the counter of the eventfd to this memory. It may do so until the ring is closed.
    private ulong* _buffer;
    private int _fd = -1;
    private int _pending;
    private bool _isArmed;

    /// <summary>Creates the eventfd. Ring thread only.</summary>
    /// <exception cref="ZcrxException">The process has no free descriptor.</exception>
    public void Open()
    {
        _fd = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_fd < 0)
        {
            throw new ZcrxException("Creating the ring thread's eventfd", -_fd, "the process has no free descriptor", "Raise the limit on open files (`ulimit -n`)");
        }

        _buffer = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));
    }

    /// <summary>Wakes the thread. Does nothing if an earlier wake-up is still pending. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _pending, 1) == 0)
        {
            SignalWake();
        }
    }

    /// <summary>Wakes the thread, even if an earlier wake-up is still pending. Any thread.</summary>
    public void SignalWake()
    {
        // The lock keeps the descriptor from being closed, and its number from being reused, between the check and the write.
        lock (_gate)
        {
            if (_fd >= 0)
            {
                ulong one = 1;
                _ = Libc.Write(_fd, &one, sizeof(ulong));
            }
        }
    }

    /// <summary>Clears the pending wake-up. A full fence, so that the caller reads its queues afterwards. Ring thread only.</summary>
    public void Clear() => Interlocked.Exchange(ref _pending, 0);

    /// <summary>Records that the read on the eventfd has completed. The next turn issues another one. Ring thread only.</summary>
    public void OnWoken() => _isArmed = false;

    /// <summary>Issues a read on the eventfd, if none is pending. Ring thread only.</summary>
    public void Arm(RingRequests requests)
    {
        if (_isArmed)
        {
            return;
        }

        io_uring_sqe* entry = requests.Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_READ;
        entry->fd = _fd;
        entry->addr = (ulong)_buffer;
        entry->len = sizeof(ulong);
        entry->off = ulong.MaxValue;
        entry->user_data = new UserData(RequestKind.Wake, 0, 0).Encode();
        _isArmed = true;
    }

    /// <summary>
    /// Closes the eventfd. The ring must be closed before, so that the kernel no longer writes to the memory. Ring thread only.
    /// </summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_fd >= 0)
            {
                _ = Libc.Close(_fd);
                _fd = -1;
            }
        }

        NativeMemory.Free(_buffer);
        _buffer = null;
    }
}
