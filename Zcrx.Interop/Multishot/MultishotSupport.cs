using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Rings;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>Determines which features a kernel's io_uring has, by trying them.</summary>
internal static unsafe class MultishotSupport
{
    private const uint Threading = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;

    /// <summary>Determines whether a multishot receive can end after a number of bytes.</summary>
    /// <remarks>
    /// Submits a receive with a limit and without a file. The kernel checks the limit first, so a refusal because of the missing file means
    /// that limits are supported.
    /// </remarks>
    public static bool HasLimits(IIoUringKernel kernel)
    {
        using HostRing ring = new(kernel, 1, 2, 0);
        io_uring_sqe entry = new()
        {
            opcode = IORING_OP_RECV, flags = IOSQE_BUFFER_SELECT, ioprio = IORING_RECV_MULTISHOT, fd = -1, optlen = 1,
        };
        return ring.Status >= 0 && ring.TryPush(entry) && ring.Enter(1, -1) == 1 && ring.TryTake(out io_uring_cqe completion) && completion.res == -EBADF;
    }

    /// <summary>Returns why this process cannot set up a ring, because the kernel does not support it or a permission is missing.</summary>
    /// <returns>
    /// A clause without a full stop; null when a ring can be set up. Other failures also return null. They are reported when a ring is
    /// opened.
    /// </returns>
    public static string? WhyNot(IIoUringKernel kernel, HostFacts host)
    {
        if (host.WhyNoRing() is { } reason)
        {
            return reason;
        }

        using HostRing ring = new(kernel, 1, 2, Threading);
        switch (-ring.Status)
        {
            case EINVAL:
                return $"Linux {host.KernelRelease} has no rings with deferred task work, which need 6.1";
            case EPERM or EACCES or ENOSYS:
                return RingErrors.ExplainSetup(-ring.Status, host).Cause;
            case not 0:
                return null;
            default:
                // Try io_uring_register as well, because a seccomp filter may forbid only this call.
                io_uring_buf_reg unused = default;
                int registered = ring.Register(IORING_REGISTER_PBUF_RING, &unused, 1);
                return registered is -EPERM or -EACCES or -ENOSYS
                    ? CommonErrors.Filtered("Registering buffers", -registered, host).Cause
                    : null;
        }
    }
}
