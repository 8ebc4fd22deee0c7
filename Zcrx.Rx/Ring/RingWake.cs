using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>Wakes a ring thread from the kernel by an eventfd, on which the ring reads. Threading: stated on the members.</summary>
internal sealed unsafe class RingWake
{
    // The innermost lock: callers may hold any other lock, and no lock is taken inside this one.
    private readonly Lock _gate = new();
    // The kernel writes the eventfd's counter here until the ring is closed.
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

    /// <summary>Wakes the thread unless a wake-up is pending. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _pending, 1) == 0)
        {
            SignalWake();
        }
    }

    /// <summary>Wakes the thread even if a wake-up is pending already. Any thread.</summary>
    public void SignalWake()
    {
        // Under the lock: the descriptor must not be closed, and its number reused, between the check and the write.
        lock (_gate)
        {
            if (_fd >= 0)
            {
                ulong one = 1;
                _ = Libc.Write(_fd, &one, sizeof(ulong));
            }
        }
    }

    /// <summary>Clears the pending wake-up. A full fence: the caller reads its queues afterwards. Ring thread only.</summary>
    public void Clear() => Interlocked.Exchange(ref _pending, 0);

    /// <summary>Records that the read on the eventfd has completed, so that the next turn issues another. Ring thread only.</summary>
    public void OnWoken() => _isArmed = false;

    /// <summary>Issues the read on the eventfd unless it is pending. Ring thread only.</summary>
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

    /// <summary>Closes the eventfd. Called after the ring was closed, so the kernel writes no more. Ring thread only.</summary>
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
