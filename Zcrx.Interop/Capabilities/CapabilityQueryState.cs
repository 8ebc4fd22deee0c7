namespace Zcrx.Interop;

/// <summary>How far a kernel could be asked for its capabilities. A refusal is an answer too.</summary>
public enum CapabilityQueryState
{
    /// <summary>It answered the query about zero-copy receive (Linux 6.19 and newer).</summary>
    Answered,

    /// <summary>It answers queries, but not this one (Linux 6.18, −EOPNOTSUPP).</summary>
    ZcrxQueryUnknown,

    /// <summary>It answers no queries (up to Linux 6.17, −EINVAL).</summary>
    QueryUnknown,

    /// <summary>io_uring itself is missing or forbidden here (−ENOSYS, −EPERM, −EACCES).</summary>
    Refused,

    /// <summary>The query failed in a way that says nothing about the kernel; see <see cref="ZcrxCapabilities.QueryErrorNumber"/>.</summary>
    Failed,
}
