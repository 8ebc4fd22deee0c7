using System.Globalization;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop;

/// <summary>Represents an immutable snapshot of the permissions of this process that affect zero-copy receive.</summary>
/// <remarks>
/// A permission that cannot be read counts as granted. The kernel then decides, and its errno explains a refusal.
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

    /// <summary>Gets the kernel's release, for example <c>7.2.12+deb13-cloud-amd64</c>.</summary>
    public required string KernelRelease { get; init; }

    /// <summary>Gets the page size in bytes.</summary>
    public required int PageSize { get; init; }

    /// <summary>Gets the effective capabilities as a bit mask; null when they could not be read.</summary>
    public ulong? EffectiveCapabilities { get; init; }

    /// <summary>
    /// Gets a value indicating whether this process runs in the initial user namespace. Registering a queue requires CAP_NET_ADMIN in that
    /// namespace.
    /// </summary>
    public bool InitialUserNamespace { get; init; } = true;

    /// <summary>Gets a value indicating whether a seccomp filter is active, as in most containers. Many filters forbid io_uring.</summary>
    public bool SeccompFilter { get; init; }

    /// <summary>Gets which processes of this machine may set up rings.</summary>
    public IoUringAccess IoUringAccess { get; init; }

    /// <summary>
    /// Gets a value indicating whether this process belongs to the group <c>kernel.io_uring_group</c>. With
    /// <see cref="IoUringAccess.PrivilegedOrGroup"/>, its members may set up rings.
    /// </summary>
    public bool InIoUringGroup { get; init; }

    /// <summary>
    /// Gets the limit on locked memory in bytes; null when there is no limit. The limit does not apply with CAP_IPC_LOCK.
    /// </summary>
    public ulong? LockedMemoryLimit { get; init; }

    /// <summary>Gets a value indicating whether CAP_NET_ADMIN is effective. Registering a queue requires it.</summary>
    public bool HasNetAdmin => Has(CapNetAdmin);

    /// <summary>
    /// Gets a value indicating whether CAP_IPC_LOCK is effective. With it, areas do not count against the limit on locked memory.
    /// </summary>
    public bool HasIpcLock => Has(CapIpcLock);

    /// <summary>
    /// Gets a value indicating whether CAP_SYS_ADMIN is effective. With <see cref="IoUringAccess.PrivilegedOrGroup"/>, it allows this
    /// process to set up rings.
    /// </summary>
    public bool HasSysAdmin => Has(CapSysAdmin);

    /// <summary>Gets the number of bytes that this process may lock; null when there is no limit or CAP_IPC_LOCK lifts it.</summary>
    public ulong? EffectiveLockedMemoryLimit => HasIpcLock && InitialUserNamespace ? null : LockedMemoryLimit;

    /// <summary>Returns the known reason why this process may not set up a ring.</summary>
    /// <returns>A clause without a full stop; null when no known fact forbids it.</returns>
    public string? WhyNoRing() => IoUringAccess switch
    {
        IoUringAccess.Nobody => "io_uring is switched off on this machine (sysctl kernel.io_uring_disabled is 2)",
        IoUringAccess.PrivilegedOrGroup when !InIoUringGroup && !(HasSysAdmin && InitialUserNamespace) =>
            "io_uring is restricted on this machine (sysctl kernel.io_uring_disabled is 1), and this process neither has CAP_SYS_ADMIN nor is in the group kernel.io_uring_group",
        _ => null,
    };

    /// <summary>Returns the known reason why this process may not register a queue.</summary>
    /// <returns>A clause without a full stop; null when no known fact forbids it.</returns>
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
            : "this process has CAP_NET_ADMIN in a user namespace only, but the kernel requires it in the initial one";
    }

    /// <summary>Reads the current permissions of this process.</summary>
    /// <returns>The snapshot.</returns>
    /// <remarks>Reads files below <c>/proc</c>. Does not throw when a file cannot be read. Can be called on any thread.</remarks>
    public static HostFacts Read() => Parse(
        ReadKernelRelease(),
        Environment.SystemPageSize,
        ReadOrNull("/proc/self/status"),
        ReadOrNull("/proc/self/uid_map"),
        ReadOrNull("/proc/sys/kernel/io_uring_disabled"),
        ReadOrNull("/proc/sys/kernel/io_uring_group"),
        ResourceLimits.LockedMemory());

    /// <summary>Derives the permissions from the text of the files. Pure. If a text is missing, its permissions count as granted.</summary>
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

    /// <summary>Gets the release as <c>uname -r</c> prints it.</summary>
    internal static string ReadKernelRelease() =>
        ReadOrNull("/proc/sys/kernel/osrelease")?.Trim() ?? Environment.OSVersion.Version.ToString();

    /// <summary>Determines whether a user id map is that of the initial user namespace, which maps all 2³² − 1 ids to themselves.</summary>
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
            // Older kernels, containers without /proc and other systems do not have the file. The fact then stays unknown.
            return null;
        }
    }
}
