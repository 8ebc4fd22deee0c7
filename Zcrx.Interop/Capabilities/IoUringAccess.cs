namespace Zcrx.Interop;

/// <summary>Who may set up rings on this machine: the sysctl <c>kernel.io_uring_disabled</c>.</summary>
public enum IoUringAccess
{
    /// <summary>Everybody (0, or a kernel without the sysctl).</summary>
    Everyone = 0,

    /// <summary>Processes with CAP_SYS_ADMIN or in the group <c>kernel.io_uring_group</c> (1).</summary>
    PrivilegedOrGroup = 1,

    /// <summary>Nobody (2).</summary>
    Nobody = 2,
}
