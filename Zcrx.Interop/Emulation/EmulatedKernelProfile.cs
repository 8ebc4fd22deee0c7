using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop;

/// <summary>Describes the kernel release that the emulation imitates: its features and the layout of the refill queue.</summary>
/// <remarks>Immutable. The values were observed on these kernels; see the table in <c>docs/kernel-matrix.md</c>.</remarks>
public sealed record EmulatedKernelProfile
{
    // From this patch release of Linux 7.2 on, a request that finds no buffer ends. Earlier releases leave it armed and do not serve it.
    private const int FirstRepairedPatch = 10;

    private EmulatedKernelProfile(string name) => Name = name;

    /// <summary>Gets the profile of Linux 6.19: NIC queues, export and import, but no device-less mode and no notifications.</summary>
    public static EmulatedKernelProfile Linux619 { get; } = new("6.19")
    {
        RegisterFlags = ZCRX_REG_IMPORT, ControlOperations = 2, Features = 0,
        RefillHeaderSize = 8, TailOffset = 4, EntriesOffset = 64, RegisterOpcodes = 37, QueryOpcodes = 3, SetupFlags = 0xfffff,
    };

    /// <summary>Gets the profile of Linux 7.0, which adds buffers larger than a page.</summary>
    public static EmulatedKernelProfile Linux70 { get; } = Linux619 with { Name = "7.0", Features = ZCRX_FEATURE_RX_PAGE_SIZE, RegisterOpcodes = 38, SetupFlags = 0x1fffff };

    /// <summary>
    /// Gets the profile of Linux 7.1, which adds the device-less mode. On this kernel, a request that runs out of buffers or completions in
    /// the middle of a packet stays armed and is not served.
    /// </summary>
    public static EmulatedKernelProfile Linux71 { get; } = Linux70 with { Name = "7.1", RegisterFlags = ZCRX_REG_IMPORT | ZCRX_REG_NODEV };

    /// <summary>
    /// Gets the profile of Linux 7.2.0 to 7.2.9, which adds notifications, statistics and arming. These kernels strand requests like Linux
    /// 7.1.
    /// </summary>
    public static EmulatedKernelProfile Linux720 { get; } = Linux71 with { Name = "7.2.0", ControlOperations = 3, Features = ZCRX_FEATURE_RX_PAGE_SIZE | ZCRX_FEATURE_EVENT, QueryOpcodes = 4 };

    /// <summary>
    /// Gets the profile of Linux 7.2.10 and later releases of 7.2. These kernels end a request that finds no buffer; earlier releases
    /// strand it. Their capabilities equal those of <see cref="Linux720"/>.
    /// </summary>
    public static EmulatedKernelProfile Linux72 { get; } = Linux720 with { Name = "7.2", StrandsReceives = false };

    /// <summary>
    /// Gets the profile of Linux 7.3, which can add areas to a running queue. In this kernel, the head and the tail of the refill queue are
    /// on separate cache lines.
    /// </summary>
    public static EmulatedKernelProfile Linux73 { get; } = Linux72 with { Name = "7.3", ControlOperations = 4, RefillHeaderSize = 128, TailOffset = 64, EntriesOffset = 128, FoldsRefillEntries = true };

    /// <summary>Gets all profiles, oldest first.</summary>
    public static IReadOnlyList<EmulatedKernelProfile> All { get; } = [Linux619, Linux70, Linux71, Linux720, Linux72, Linux73];

    /// <summary>Gets the imitated kernel release, for example <c>7.2</c>.</summary>
    public string Name { get; private init; }

    internal uint RegisterFlags { get; private init; }

    internal uint ControlOperations { get; private init; }

    internal uint Features { get; private init; }

    internal uint RefillHeaderSize { get; private init; }

    internal uint TailOffset { get; private init; }

    internal uint EntriesOffset { get; private init; }

    internal uint RegisterOpcodes { get; private init; }

    internal uint QueryOpcodes { get; private init; }

    internal ulong SetupFlags { get; private init; }

    /// <summary>
    /// Gets a value indicating whether a request is stranded when it runs out of buffers or completions in the middle of a packet. It then
    /// stays armed, and delivers nothing until another packet arrives.
    /// </summary>
    internal bool StrandsReceives { get; private init; } = true;

    /// <summary>
    /// Gets a value indicating whether a page pool merges consecutive refill entries of one buffer. The merged entry returns the references
    /// of all of them.
    /// </summary>
    internal bool FoldsRefillEntries { get; private init; }

    /// <summary>Gets the size limit of an area, which is one TiB since Linux 7.2 and one GiB before.</summary>
    internal ulong MaxAreaLength => HasEvents ? 1UL << 40 : 1UL << 30;

    internal bool HasEvents => (Features & ZCRX_FEATURE_EVENT) != 0;

    internal bool HasAddArea => ControlOperations > ZCRX_CTRL_ADD_AREA;

    internal bool HasDeviceLess => (RegisterFlags & ZCRX_REG_NODEV) != 0;

    /// <summary>Returns the profile of a release.</summary>
    /// <param name="release">
    /// The release, such as <c>7.2</c> or <c>7.2.12+deb13-cloud-amd64</c>. The newest profile that is not newer than the release applies.
    /// </param>
    /// <returns>The profile; null for releases before 6.19.</returns>
    public static EmulatedKernelProfile? ForRelease(string release)
    {
        ArgumentNullException.ThrowIfNull(release);
        string[] parts = release.Split('.', '-', '+');
        if (parts.Length < 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(parts[1], out int minor))
        {
            return null;
        }

        return (major, minor) switch
        {
            ( < 6, _) or (6, < 19) => null,
            (6, _) => Linux619,
            (7, 0) => Linux70,
            (7, 1) => Linux71,
            (7, 2) when parts.Length > 2 && int.TryParse(parts[2], out int patch) && patch < FirstRepairedPatch => Linux720,
            (7, 2) => Linux72,
            _ => Linux73,
        };
    }
}
