namespace Zcrx.Interop;

/// <summary>Specifies which capability queries a kernel answered, or why it answered none.</summary>
public enum CapabilityQueryState
{
    /// <summary>The kernel answered the query about zero-copy receive (Linux 6.19 and newer).</summary>
    Answered,

    /// <summary>The kernel answers queries, but not the one about zero-copy receive (Linux 6.18, −EOPNOTSUPP).</summary>
    ZcrxQueryUnknown,

    /// <summary>The kernel answers no queries (up to Linux 6.17: −EINVAL, or −EBADF on old kernels).</summary>
    QueryUnknown,

    /// <summary>io_uring itself is missing or forbidden (−ENOSYS, −EPERM, −EACCES).</summary>
    Refused,

    /// <summary>
    /// The query failed for a reason unrelated to the kernel's capabilities; see <see cref="ZcrxCapabilities.QueryErrorNumber"/>.
    /// </summary>
    Failed,
}
