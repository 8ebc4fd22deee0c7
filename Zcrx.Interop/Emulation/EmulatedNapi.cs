using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Implements <c>IORING_REGISTER_NAPI</c>. Checks and stores the settings of busy polling as the kernel does, but never polls.
/// </summary>
internal sealed unsafe class EmulatedNapi
{
    // The smallest valid NAPI id. In the kernel, smaller numbers are processor numbers.
    private const uint FirstId = 4096;

    private readonly HashSet<uint> _ids = [];
    private io_uring_napi _current = new() { op_param = 255 };

    public int Register(io_uring_napi* user)
    {
        if (!UserMemory.IsReadable(user, (nuint)sizeof(io_uring_napi)))
        {
            return -EFAULT;
        }

        io_uring_napi wanted = *user;
        if (wanted.pad[0] != 0 || wanted.pad[1] != 0 || wanted.resv != 0)
        {
            return -EINVAL;
        }

        if (!UserMemory.IsWritable(user, (nuint)sizeof(io_uring_napi)))
        {
            return -EFAULT;
        }

        // The kernel returns the previous settings even if the call fails afterwards.
        *user = _current;
        return wanted.opcode switch
        {
            IO_URING_NAPI_REGISTER_OP => Change(wanted),
            IO_URING_NAPI_STATIC_ADD_ID => _current.op_param != IO_URING_NAPI_TRACKING_STATIC || wanted.op_param < FirstId ? -EINVAL : _ids.Add(wanted.op_param) ? 0 : -EEXIST,
            IO_URING_NAPI_STATIC_DEL_ID => _current.op_param != IO_URING_NAPI_TRACKING_STATIC || wanted.op_param < FirstId ? -EINVAL : _ids.Remove(wanted.op_param) ? 0 : -ENOENT,
            _ => -EINVAL,
        };
    }

    public int Unregister(io_uring_napi* user)
    {
        if (user != null)
        {
            if (!UserMemory.IsWritable(user, (nuint)sizeof(io_uring_napi)))
            {
                return -EFAULT;
            }

            io_uring_napi old = _current;
            old.op_param = 0;
            *user = old;
        }

        _current = new io_uring_napi { op_param = 255 };
        return 0;
    }

    private int Change(in io_uring_napi wanted)
    {
        if (wanted.op_param is not (IO_URING_NAPI_TRACKING_DYNAMIC or IO_URING_NAPI_TRACKING_STATIC))
        {
            return -EINVAL;
        }

        _ids.Clear();
        _current = new io_uring_napi { busy_poll_to = wanted.busy_poll_to, prefer_busy_poll = wanted.prefer_busy_poll != 0 ? (byte)1 : (byte)0, op_param = wanted.op_param };
        return 0;
    }
}
