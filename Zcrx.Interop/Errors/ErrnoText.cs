using System.Collections.Frozen;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Errors;

/// <summary>Describes error numbers in words. Pure. Accepts positive and negative numbers.</summary>
internal static class ErrnoText
{
    private static readonly FrozenDictionary<int, (string Name, string Description)> Known =
        new Dictionary<int, (string, string)>
        {
            [Errno.EPERM] = (nameof(Errno.EPERM), "operation not permitted"),
            [Errno.ENOENT] = (nameof(Errno.ENOENT), "no such entry"),
            [Errno.EINTR] = (nameof(Errno.EINTR), "interrupted by a signal"),
            [Errno.EIO] = (nameof(Errno.EIO), "input/output error"),
            [Errno.ENXIO] = (nameof(Errno.ENXIO), "no such device or queue"),
            [Errno.EBADF] = (nameof(Errno.EBADF), "not a descriptor of that kind"),
            [Errno.EAGAIN] = (nameof(Errno.EAGAIN), "not possible right now"),
            [Errno.ENOMEM] = (nameof(Errno.ENOMEM), "not enough memory"),
            [Errno.EACCES] = (nameof(Errno.EACCES), "permission denied"),
            [Errno.EFAULT] = (nameof(Errno.EFAULT), "bad address"),
            [Errno.EBUSY] = (nameof(Errno.EBUSY), "in use"),
            [Errno.EEXIST] = (nameof(Errno.EEXIST), "exists already"),
            [Errno.ENODEV] = (nameof(Errno.ENODEV), "no such device"),
            [Errno.EINVAL] = (nameof(Errno.EINVAL), "invalid argument"),
            [Errno.ENFILE] = (nameof(Errno.ENFILE), "the system has too many open files"),
            [Errno.EMFILE] = (nameof(Errno.EMFILE), "the process has too many open files"),
            [Errno.ENOSPC] = (nameof(Errno.ENOSPC), "no space left"),
            [Errno.EPIPE] = (nameof(Errno.EPIPE), "the other side does not read any more"),
            [Errno.ERANGE] = (nameof(Errno.ERANGE), "out of range"),
            [Errno.ENOSYS] = (nameof(Errno.ENOSYS), "no such system call"),
            [Errno.EBADR] = (nameof(Errno.EBADR), "completions were dropped"),
            [Errno.ENODATA] = (nameof(Errno.ENODATA), "no data available"),
            [Errno.ETIME] = (nameof(Errno.ETIME), "the timer expired"),
            [Errno.EBADMSG] = (nameof(Errno.EBADMSG), "bad message"),
            [Errno.EOVERFLOW] = (nameof(Errno.EOVERFLOW), "value too large"),
            [Errno.ENOTSOCK] = (nameof(Errno.ENOTSOCK), "not a socket"),
            [Errno.EMSGSIZE] = (nameof(Errno.EMSGSIZE), "message too long"),
            [Errno.EPROTONOSUPPORT] = (nameof(Errno.EPROTONOSUPPORT), "not a TCP socket"),
            [Errno.EOPNOTSUPP] = (nameof(Errno.EOPNOTSUPP), "not supported"),
            [Errno.EADDRINUSE] = (nameof(Errno.EADDRINUSE), "the address is in use"),
            [Errno.EADDRNOTAVAIL] = (nameof(Errno.EADDRNOTAVAIL), "the address is not one of this host"),
            [Errno.ENETDOWN] = (nameof(Errno.ENETDOWN), "the network is down"),
            [Errno.ENETUNREACH] = (nameof(Errno.ENETUNREACH), "the network is unreachable"),
            [Errno.ECONNABORTED] = (nameof(Errno.ECONNABORTED), "the connection was aborted"),
            [Errno.ECONNRESET] = (nameof(Errno.ECONNRESET), "the connection was reset by the other side"),
            [Errno.ENOBUFS] = (nameof(Errno.ENOBUFS), "no buffer space available"),
            [Errno.ENOTCONN] = (nameof(Errno.ENOTCONN), "not connected"),
            [Errno.ETIMEDOUT] = (nameof(Errno.ETIMEDOUT), "the connection timed out"),
            [Errno.ECONNREFUSED] = (nameof(Errno.ECONNREFUSED), "the connection was refused"),
            [Errno.EHOSTUNREACH] = (nameof(Errno.EHOSTUNREACH), "the host is unreachable"),
            [Errno.EALREADY] = (nameof(Errno.EALREADY), "already in progress"),
            [Errno.EINPROGRESS] = (nameof(Errno.EINPROGRESS), "in progress"),
            [Errno.ECANCELED] = (nameof(Errno.ECANCELED), "cancelled"),
        }.ToFrozenDictionary();

    /// <summary>
    /// Returns the C name of an error number, for example <c>EINVAL</c>. A number without a known name becomes text such as <c>errno
    /// 4711</c>.
    /// </summary>
    public static string Name(int errno) =>
        Known.TryGetValue(Positive(errno), out var known) ? known.Name : FormattableString.Invariant($"errno {Positive(errno)}");

    /// <summary>Returns a description of an error number in a few lower-case words, without a full stop.</summary>
    public static string Describe(int errno) =>
        Known.TryGetValue(Positive(errno), out var known) ? known.Description : "an error this library does not expect";

    /// <summary>Returns an error number as a positive number.</summary>
    /// <remarks>
    /// <see cref="int.MinValue"/> has no positive counterpart and becomes <see cref="int.MaxValue"/>. No kernel returns it, but reporting
    /// an error must not throw.
    /// </remarks>
    public static int Positive(int errno) => errno == int.MinValue ? int.MaxValue : Math.Abs(errno);
}
