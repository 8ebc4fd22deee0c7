using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;

namespace Zcrx.Interop;

/// <summary>Represents an immutable snapshot of the features of zero-copy receive that a kernel reports.</summary>
/// <remarks>
/// <para>
/// Kernel versions are never compared, because distributions backport features and a kernel may be built without a feature. Version numbers
/// in texts are hints for people.
/// </para>
/// <para>
/// A kernel that answers no queries is probed for the opcode of zero-copy receive. If it has the opcode, support is
/// <see cref="ZcrxSupport.Unknown"/>. Only an attempt then shows whether a feature works.
/// </para>
/// <para>
/// Masks contain the bits that the kernel returned. To test for a feature, read the property with its name instead of a mask.
/// </para>
/// <para>Source: <c>IORING_REGISTER_QUERY</c> in io_uring_register(2), <c>linux/io_uring/query.h</c>.</para>
/// </remarks>
public sealed record ZcrxCapabilities
{
    internal ZcrxCapabilities()
    {
    }

    /// <summary>Gets the description of the kernel, for example <c>Linux 7.2.12</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>Gets the extent to which the kernel answered the queries.</summary>
    public required CapabilityQueryState State { get; init; }

    /// <summary>
    /// Gets the positive errno of the query that failed; 0 when <see cref="State"/> is <see cref="CapabilityQueryState.Answered"/>.
    /// </summary>
    public int QueryErrorNumber { get; init; }

    /// <summary>Gets the bit mask of <c>ZCRX_REG_*</c> that a registration accepts.</summary>
    public ulong RegisterFlags { get; init; }

    /// <summary>Gets the bit mask of <c>IORING_ZCRX_AREA_*</c> that an area accepts.</summary>
    public ulong AreaFlags { get; init; }

    /// <summary>Gets the bit mask of <c>ZCRX_FEATURE_*</c>.</summary>
    public uint Features { get; init; }

    /// <summary>Gets the number of control operations (<c>ZCRX_CTRL_*</c>) that the kernel supports. They are numbered from 0.</summary>
    public uint ControlOperations { get; init; }

    /// <summary>
    /// Gets the size of the refill ring's header in bytes; null when the kernel did not report it. The refill entries follow the header.
    /// Kernels that do not report the size need at most a page.
    /// </summary>
    public int? RefillHeaderSize { get; init; }

    /// <summary>
    /// Gets the alignment of the refill ring's header in bytes; null when the kernel did not report it. A page is assumed for such kernels.
    /// </summary>
    public int? RefillHeaderAlignment { get; init; }

    /// <summary>
    /// Gets the bit mask of notification types (<c>1 &lt;&lt; type</c>) that a registration accepts; 0 without notifications.
    /// </summary>
    public uint NotificationTypes { get; init; }

    /// <summary>Gets the size of the statistics in the refill region in bytes; 0 without statistics.</summary>
    public int StatisticsSize { get; init; }

    /// <summary>Gets the alignment of the offset of the statistics in bytes; 0 without statistics.</summary>
    public int StatisticsAlignment { get; init; }

    /// <summary>
    /// Gets the number of request opcodes; null when the kernel did not report it. A kernel that answers no queries is probed for it.
    /// </summary>
    public uint? RequestOpcodes { get; init; }

    /// <summary>Gets the number of register opcodes; null when the kernel did not report it.</summary>
    public uint? RegisterOpcodes { get; init; }

    /// <summary>Gets the number of query opcodes; 0 when the kernel did not report it.</summary>
    public uint QueryOpcodes { get; init; }

    /// <summary>Gets the bit mask of <c>IORING_SETUP_*</c> that a ring accepts; null when the kernel did not report it.</summary>
    public ulong? RingSetupFlags { get; init; }

    /// <summary>Gets the bit mask of <c>IORING_FEAT_*</c>; null when the kernel did not report it.</summary>
    public ulong? RingFeatures { get; init; }

    /// <summary>Gets the bit mask of <c>IORING_ENTER_*</c>; null when the kernel did not report it.</summary>
    public ulong? EnterFlags { get; init; }

    /// <summary>Gets the bit mask of <c>IOSQE_*</c>; null when the kernel did not report it.</summary>
    public ulong? SubmissionFlags { get; init; }

    /// <summary>Gets a value indicating whether the kernel answers queries (Linux 6.18 and newer).</summary>
    public bool AnswersQueries => State is CapabilityQueryState.Answered or CapabilityQueryState.ZcrxQueryUnknown;

    /// <summary>
    /// Gets a value indicating whether the kernel answered the query about zero-copy receive. If it did not, properties such as
    /// <see cref="DmaBufAreas"/> are false even if the kernel has the feature.
    /// </summary>
    public bool AnswersZcrxQuery => State == CapabilityQueryState.Answered;

    /// <summary>Gets a value indicating whether a queue can be registered without a NIC.</summary>
    public bool DeviceLess => (RegisterFlags & LinuxIoUringZcrx.ZCRX_REG_NODEV) != 0;

    /// <summary>Gets a value indicating whether an exported queue can be registered with a second ring.</summary>
    public bool CanImport => (RegisterFlags & LinuxIoUringZcrx.ZCRX_REG_IMPORT) != 0;

    /// <summary>Gets a value indicating whether an area may be a dma-buf.</summary>
    public bool DmaBufAreas => (AreaFlags & LinuxIoUringZcrx.IORING_ZCRX_AREA_DMABUF) != 0;

    /// <summary>Gets a value indicating whether a registration may specify a buffer length other than the page size.</summary>
    public bool RxBufferLength => (Features & LinuxIoUringZcrx.ZCRX_FEATURE_RX_PAGE_SIZE) != 0;

    /// <summary>Gets a value indicating whether a registration may request notifications.</summary>
    public bool Notifications => EventFeature && NotificationTypes != 0;

    /// <summary>Gets a value indicating whether a registration may request copy counters.</summary>
    public bool Statistics => EventFeature && StatisticsSize > 0;

    /// <summary>Gets a value indicating whether the refill ring can be flushed.</summary>
    public bool CanFlush => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ;

    /// <summary>Gets a value indicating whether a queue can be exported.</summary>
    public bool CanExport => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_EXPORT;

    /// <summary>Gets a value indicating whether a notification that has fired can be armed again.</summary>
    public bool CanArm => Notifications && ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_ARM_EVENT;

    /// <summary>Gets a value indicating whether an area can be added to a registered queue.</summary>
    public bool CanAddArea => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA;

    /// <summary>
    /// Gets a value indicating whether a registration may describe notifications and statistics. Without this feature, the field
    /// <c>event_desc</c> of a registration must be zero.
    /// </summary>
    internal bool EventFeature => (Features & LinuxIoUringZcrx.ZCRX_FEATURE_EVENT) != 0;

    /// <summary>Queries the capabilities of a kernel.</summary>
    /// <param name="kernel">The kernel. No ring is needed.</param>
    /// <returns>The snapshot. If the kernel refuses to answer, the snapshot records that.</returns>
    /// <remarks>
    /// Makes three register calls without a ring. If the kernel answers no queries, counts its request opcodes with a temporary ring. Needs
    /// no permission. Never throws. Can be called on any thread.
    /// </remarks>
    public static ZcrxCapabilities Query(IIoUringKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return CapabilityQuery.Run(kernel);
    }

    /// <summary>Returns the size of the refill ring's header in bytes.</summary>
    /// <param name="pageSize">The page size in bytes.</param>
    /// <returns>The size that the kernel reported; a page when it reported none.</returns>
    internal int RefillHeaderSizeOr(int pageSize) => RefillHeaderSize ?? pageSize;

    /// <summary>Determines whether the kernel supports a feature.</summary>
    /// <param name="feature">The feature.</param>
    /// <returns>Whether the kernel supports the feature; <see cref="ZcrxSupport.Unknown"/> when only an attempt can tell.</returns>
    public ZcrxSupport Support(ZcrxFeature feature) => CapabilitySupport.Of(this, feature);

    /// <summary>
    /// Returns why the kernel does not support a feature. The text names the missing feature and the first Linux version that has it.
    /// </summary>
    /// <param name="feature">The feature.</param>
    /// <returns>
    /// A clause without a full stop; null if <see cref="Support"/> returns another value than <see cref="ZcrxSupport.No"/>. For example:
    /// <c>device-less mode needs Linux 7.1 or newer: the kernel's zcrx answers register flags IMPORT only</c>.
    /// </returns>
    public string? WhyNot(ZcrxFeature feature) => CapabilityText.WhyNot(this, feature);

    /// <summary>Returns everything that the kernel reported, one fact per line.</summary>
    /// <returns>Several lines separated by line feeds, without one at the end.</returns>
    public string Describe() => CapabilityText.Describe(this);

    /// <summary>Returns the kernel and its features in one line.</summary>
    /// <returns>For example <c>Linux 7.2.12: NicQueue, DeviceLess, …</c>.</returns>
    public override string ToString() => CapabilityText.Line(this);
}
