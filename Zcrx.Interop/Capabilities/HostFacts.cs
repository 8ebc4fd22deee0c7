using System.Globalization;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop;

/// <summary>What this process may do on this machine, as far as zero-copy receive depends on it: an immutable snapshot.</summary>
/// <remarks>
/// What could not be read counts as allowed: then the kernel itself is asked, and its errno explained.
/// Source: proc_pid_status(5), capabilities(7), user_namespaces(7), getrlimit(2), <c>Documentation/admin-guide/sysctl/kernel.rst</c>.
/// </remarks>
public sealed record HostFacts
{
    private const int CapNetAdmin = 12;
    private const int CapIpcLock = 14;
    private const int CapSysAdmin = 21;

    internal HostFacts()
    {
    }

    /// <summary>The kernel's release, for example <c>7.2.12+deb13-cloud-amd64</c>.</summary>
    public required string KernelRelease { get; init; }

    /// <summary>The page size in bytes.</summary>
    public required int PageSize { get; init; }

    /// <summary>The effective capabilities as a bit mask, or null when they could not be read.</summary>
    public ulong? EffectiveCapabilities { get; init; }

    /// <summary>This process lives in the initial user namespace; only there does a capability count for a registration.</summary>
    public bool InitialUserNamespace { get; init; } = true;

    /// <summary>A seccomp filter is active, as container runtimes set one up; many forbid io_uring.</summary>
    public bool SeccompFilter { get; init; }

    /// <summary>Who may set up rings.</summary>
    public IoUringAccess IoUringAccess { get; init; }

    /// <summary>This process belongs to the group that may set up rings where access is restricted.</summary>
    public bool InIoUringGroup { get; init; }

    /// <summary>The limit on locked memory in bytes, or null when there is none; it binds only without CAP_IPC_LOCK.</summary>
    public ulong? LockedMemoryLimit { get; init; }

    /// <summary>CAP_NET_ADMIN is effective: needed to register a queue.</summary>
    public bool HasNetAdmin => Has(CapNetAdmin);

    /// <summary>CAP_IPC_LOCK is effective: areas do not count against the limit on locked memory.</summary>
    public bool HasIpcLock => Has(CapIpcLock);

    /// <summary>CAP_SYS_ADMIN is effective: rings may be set up where access is restricted.</summary>
    public bool HasSysAdmin => Has(CapSysAdmin);

    /// <summary>Bytes that may be locked, or null when nothing limits them.</summary>
    public ulong? EffectiveLockedMemoryLimit => HasIpcLock && InitialUserNamespace ? null : LockedMemoryLimit;

    /// <summary>Why this process may not set up a ring, as far as that can be known without trying.</summary>
    /// <returns>A clause without a full stop, or null when nothing speaks against it.</returns>
    public string? WhyNoRing() => IoUringAccess switch
    {
        IoUringAccess.Nobody => "io_uring is switched off on this machine (sysctl kernel.io_uring_disabled is 2)",
        IoUringAccess.PrivilegedOrGroup when !InIoUringGroup && !(HasSysAdmin && InitialUserNamespace) =>
            "io_uring is restricted on this machine (sysctl kernel.io_uring_disabled is 1), and this process neither has CAP_SYS_ADMIN nor is in the group kernel.io_uring_group",
        _ => null,
    };

    /// <summary>Why this process may not register a queue, as far as that can be known without trying.</summary>
    /// <returns>A clause without a full stop, or null when nothing speaks against it.</returns>
    public string? WhyNoRegistration()
    {
        if (WhyNoRing() is { } reason)
        {
            return reason;
        }

        if (!HasNetAdmin)
        {
            return "this process does not have the capability CAP_NET_ADMIN";
        }

        return InitialUserNamespace
            ? null
            : "this process has CAP_NET_ADMIN in a user namespace only, and the kernel asks for it in the initial one";
    }

    /// <summary>Reads the facts of this process, now.</summary>
    /// <returns>The snapshot.</returns>
    /// <remarks>Reads a handful of files below <c>/proc</c>; any thread; never throws for what it cannot read.</remarks>
    public static HostFacts Read() => Parse(
        ReadKernelRelease(),
        Environment.SystemPageSize,
        ReadOrNull("/proc/self/status"),
        ReadOrNull("/proc/self/uid_map"),
        ReadOrNull("/proc/sys/kernel/io_uring_disabled"),
        ReadOrNull("/proc/sys/kernel/io_uring_group"),
        ResourceLimits.LockedMemory());

    /// <summary>From the text of the files to facts. Pure; a missing or unreadable text counts as nothing in the way.</summary>
    internal static HostFacts Parse(
        string kernelRelease,
        int pageSize,
        string? processStatus,
        string? uidMap,
        string? ioUringDisabled,
        string? ioUringGroup,
        ulong? lockedMemoryLimit)
    {
        var status = new ProcessStatus(processStatus ?? "");
        return new HostFacts
        {
            KernelRelease = kernelRelease.Trim(),
            PageSize = pageSize,
            EffectiveCapabilities = status.EffectiveCapabilities,
            InitialUserNamespace = uidMap is null || IsIdentityMap(uidMap),
            SeccompFilter = status.HasSeccompFilter,
            IoUringAccess = ParseAccess(ioUringDisabled),
            InIoUringGroup = Number(ioUringGroup) is { } group and >= 0 && status.IsInGroup(group),
            LockedMemoryLimit = lockedMemoryLimit,
        };
    }

    /// <summary>The release string, as <c>uname -r</c> prints it.</summary>
    internal static string ReadKernelRelease() =>
        ReadOrNull("/proc/sys/kernel/osrelease")?.Trim() ?? Environment.OSVersion.Version.ToString();

    /// <summary>Only the initial namespace maps all 2³² − 1 user ids onto themselves without having been told to.</summary>
    private static bool IsIdentityMap(string uidMap)
    {
        string[] fields = uidMap.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields is ["0", "0", "4294967295"];
    }

    private static IoUringAccess ParseAccess(string? text) => Number(text) switch
    {
        null or <= 0 => IoUringAccess.Everyone,
        1 => IoUringAccess.PrivilegedOrGroup,
        _ => IoUringAccess.Nobody,
    };

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;

    private bool Has(int capability) => EffectiveCapabilities is not { } mask || (mask & (1UL << capability)) != 0;

    private static string? ReadOrNull(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No such file (an older kernel, no /proc, not Linux): the fact stays unknown.
            return null;
        }
    }
}
