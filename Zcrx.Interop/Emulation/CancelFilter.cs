using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents the criteria by which an ASYNC_CANCEL request selects other requests.</summary>
internal readonly struct CancelFilter
{
    private readonly uint _flags;
    private readonly ulong _userData;
    private readonly uint _opcode;
    private readonly FileIdentity _file;

    private CancelFilter(in io_uring_sqe entry, FileIdentity file)
    {
        _flags = entry.cancel_flags;
        _userData = entry.addr;
        _opcode = entry.len;
        _file = file;
    }

    /// <summary>Gets a value indicating whether all matching requests are cancelled; false when only the first one is.</summary>
    public bool SelectsAll => (_flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)) != 0;

    /// <summary>Gets a value indicating whether the filter compares the file of a request.</summary>
    public bool SelectsFile => (_flags & IORING_ASYNC_CANCEL_FD) != 0;

    /// <summary>Reads the criteria from a submission entry and checks them.</summary>
    /// <returns>Zero, or a negative errno.</returns>
    public static int Parse(in io_uring_sqe entry, out CancelFilter filter)
    {
        const uint Known = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD_FIXED |
            IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP;
        const uint Narrowing = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP;
        filter = default;
        bool contradicts = (entry.cancel_flags & IORING_ASYNC_CANCEL_ANY) != 0 && (entry.cancel_flags & Narrowing) != 0;
        // The kernel requires splice_fd_in to be zero. In C, zcrx_ifq_idx is a member of the same union.
        if ((entry.cancel_flags & ~Known) != 0 || contradicts || entry.off != 0 || entry.zcrx_ifq_idx != 0)
        {
            return -Errno.EINVAL;
        }

        FileIdentity file = FileIdentity.None;
        if ((entry.cancel_flags & IORING_ASYNC_CANCEL_FD) != 0)
        {
            // The emulation has no registered files, so a cancellation by registered file matches no request.
            file = (entry.cancel_flags & IORING_ASYNC_CANCEL_FD_FIXED) != 0 ? file : FileIdentity.Of(entry.fd, entry.fd);
            if (file == FileIdentity.None)
            {
                return -Errno.EBADF;
            }
        }

        filter = new CancelFilter(entry, file);
        return 0;
    }

    /// <summary>Returns whether a request is selected.</summary>
    /// <param name="userData">The user data of the request.</param>
    /// <param name="opcode">The opcode of the request.</param>
    /// <param name="file">The file of the request. Compared only if <see cref="SelectsFile"/> is true.</param>
    public bool Matches(ulong userData, byte opcode, FileIdentity file)
    {
        if ((_flags & IORING_ASYNC_CANCEL_ANY) != 0)
        {
            return true;
        }

        bool byFile = SelectsFile;
        bool byOpcode = (_flags & IORING_ASYNC_CANCEL_OP) != 0;
        if ((byFile && file != _file) || (byOpcode && opcode != _opcode))
        {
            return false;
        }

        bool byUserData = (_flags & IORING_ASYNC_CANCEL_USERDATA) != 0 || !(byFile || byOpcode);
        return !byUserData || userData == _userData;
    }
}
