using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.HostRings;

/// <summary>Sends on many sockets with one system call, through a separate ring. Used on the thread that created it.</summary>
/// <remarks>
/// The sends do not wait for space in the send buffer (MSG_DONTWAIT). The kernel therefore performs all of them during the call, in order.
/// The ring is separate from that of the receives, so that completions of sends do not wait behind completions of receives.
/// </remarks>
internal sealed unsafe class SendRing : IDisposable
{
    private const uint Threading = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    private const uint Flags = Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL;

    private readonly HostRing _ring;
    private uint _unfinished;

    private SendRing(HostRing ring) => _ring = ring;

    /// <summary>Creates a ring. Returns null if the kernel refuses to set it up.</summary>
    /// <param name="kernel">The kernel of the machine.</param>
    /// <param name="entries">The maximum number of sends in one call.</param>
    public static SendRing? TryCreate(IIoUringKernel kernel, uint entries)
    {
        HostRing ring = new(kernel, entries, entries, Threading);
        if (ring.Status >= 0)
        {
            return new SendRing(ring);
        }

        ring.Dispose();
        return null;
    }

    /// <summary>Adds a send, which <see cref="Submit"/> performs.</summary>
    /// <param name="fd">The descriptor of the socket.</param>
    /// <param name="bytes">The bytes, which must stay valid until <see cref="Submit"/> returns.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="index">The caller's number of the send, at which <see cref="Submit"/> stores its result.</param>
    public void Add(int fd, byte* bytes, int length, int index)
    {
        io_uring_sqe entry = new()
        {
            opcode = IORING_OP_SEND, fd = fd, addr = (ulong)bytes, len = (uint)length, msg_flags = Flags, user_data = (ulong)index,
        };
        if (_ring.TryPush(entry))
        {
            _unfinished++;
        }
    }

    /// <summary>Performs the added sends. Returns when each send has a result, or when the kernel refuses the call.</summary>
    /// <param name="results">
    /// Receives the result of each send at its index: the number of bytes, or a negative errno. The results of other indexes do not change.
    /// </param>
    /// <returns>False when the ring is broken and must be disposed. Sends without a result may have been performed.</returns>
    public bool Submit(Span<int> results)
    {
        // The first call performs all sends, because of MSG_DONTWAIT. If a kernel performs a send later, the loop waits for it.
        for (bool isFirst = true; _unfinished > 0; isFirst = false)
        {
            int entered = isFirst ? _ring.Submit() : _ring.Enter(_unfinished, -1);
            bool isAny = false;
            while (_ring.TryTake(out io_uring_cqe completion))
            {
                results[(int)completion.user_data] = completion.res;
                _unfinished--;
                isAny = true;
            }

            _ring.Advance();
            if (entered < 0 && entered != -Errno.EINTR && !isAny)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Closes the ring.</summary>
    public void Dispose() => _ring.Dispose();
}
