namespace Zcrx.Interop;

/// <summary>Specifies which processes may set up rings on this machine (sysctl <c>kernel.io_uring_disabled</c>).</summary>
public enum IoUringAccess
{
    /// <summary>All processes may set up rings (value 0, or a kernel without the sysctl).</summary>
    Everyone = 0,

    /// <summary>Processes with CAP_SYS_ADMIN or in the group <c>kernel.io_uring_group</c> may set up rings (value 1).</summary>
    PrivilegedOrGroup = 1,

    /// <summary>No process may set up rings (value 2).</summary>
    Nobody = 2,
}
