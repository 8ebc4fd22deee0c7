using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;

namespace Zcrx.Interop;

/// <summary>What a kernel's zero-copy receive can do, as it says itself: an immutable snapshot, taken once.</summary>
/// <remarks>
/// Kernel versions are never compared: distributions backport, and a kernel may be built without a part. Version numbers in the texts are
/// hints for people. A kernel too old to be asked leaves <see cref="ZcrxSupport.Unknown"/> where only trying tells.
/// Masks are as the kernel gives them; the properties named after features are what paths should follow.
/// Source: <c>IORING_REGISTER_QUERY</c> in io_uring_register(2), <c>linux/io_uring/query.h</c>.
/// </remarks>
public sealed record ZcrxCapabilities
{
    internal ZcrxCapabilities()
    {
    }

    /// <summary>The kernel that was asked, for example <c>Linux 7.2.12</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>How far the kernel could be asked.</summary>
    public required CapabilityQueryState State { get; init; }

    /// <summary>The positive errno of the query that failed, or 0 when <see cref="State"/> is <see cref="CapabilityQueryState.Answered"/>.</summary>
    public int QueryErrorNumber { get; init; }

    /// <summary>Bit mask of <c>ZCRX_REG_*</c> that a registration accepts.</summary>
    public ulong RegisterFlags { get; init; }

    /// <summary>Bit mask of <c>IORING_ZCRX_AREA_*</c> that an area accepts.</summary>
    public ulong AreaFlags { get; init; }

    /// <summary>Bit mask of <c>ZCRX_FEATURE_*</c>.</summary>
    public uint Features { get; init; }

    /// <summary>How many control operations there are; the operations 0 … n − 1 exist.</summary>
    public uint ControlOperations { get; init; }

    /// <summary>Bytes in front of the refill entries, or null when the kernel did not say: then a page is always enough.</summary>
    public int? RefillHeaderSize { get; init; }

    /// <summary>Alignment of the refill ring's header in bytes, or null when the kernel did not say: then a page.</summary>
    public int? RefillHeaderAlignment { get; init; }

    /// <summary>Bit mask of notification types (<c>1 &lt;&lt; type</c>) that a registration accepts; 0 without notifications.</summary>
    public uint NotificationTypes { get; init; }

    /// <summary>Bytes that the statistics take in the refill region; 0 without statistics.</summary>
    public int StatisticsSize { get; init; }

    /// <summary>What the offset of the statistics must be a multiple of, in bytes; 0 without statistics.</summary>
    public int StatisticsAlignment { get; init; }

    /// <summary>Number of request opcodes, or null when the kernel did not say.</summary>
    public uint? RequestOpcodes { get; init; }

    /// <summary>Number of register opcodes, or null when the kernel did not say.</summary>
    public uint? RegisterOpcodes { get; init; }

    /// <summary>Number of query opcodes; 0 when the kernel did not say.</summary>
    public uint QueryOpcodes { get; init; }

    /// <summary>Bit mask of <c>IORING_SETUP_*</c> that a ring accepts, or null when the kernel did not say.</summary>
    public ulong? RingSetupFlags { get; init; }

    /// <summary>Bit mask of <c>IORING_FEAT_*</c>, or null when the kernel did not say.</summary>
    public ulong? RingFeatures { get; init; }

    /// <summary>Bit mask of <c>IORING_ENTER_*</c>, or null when the kernel did not say.</summary>
    public ulong? EnterFlags { get; init; }

    /// <summary>Bit mask of <c>IOSQE_*</c>, or null when the kernel did not say.</summary>
    public ulong? SubmissionFlags { get; init; }

    /// <summary>Queries work at all (Linux 6.18 and newer).</summary>
    public bool AnswersQueries => State is CapabilityQueryState.Answered or CapabilityQueryState.ZcrxQueryUnknown;

    /// <summary>The query about zero-copy receive was answered, so that everything below is the kernel's word and not a guess.</summary>
    public bool AnswersZcrxQuery => State == CapabilityQueryState.Answered;

    /// <summary>A queue can be registered without a NIC.</summary>
    public bool DeviceLess => (RegisterFlags & LinuxIoUringZcrx.ZCRX_REG_NODEV) != 0;

    /// <summary>A queue that was exported can be registered with a second ring.</summary>
    public bool CanImport => (RegisterFlags & LinuxIoUringZcrx.ZCRX_REG_IMPORT) != 0;

    /// <summary>An area may be a dma-buf.</summary>
    public bool DmaBufAreas => (AreaFlags & LinuxIoUringZcrx.IORING_ZCRX_AREA_DMABUF) != 0;

    /// <summary>A registration may ask for a buffer length other than the page.</summary>
    public bool RxBufferLength => (Features & LinuxIoUringZcrx.ZCRX_FEATURE_RX_PAGE_SIZE) != 0;

    /// <summary>A registration may ask for notifications.</summary>
    public bool Notifications => EventFeature && NotificationTypes != 0;

    /// <summary>A registration may ask for copy counters.</summary>
    public bool Statistics => EventFeature && StatisticsSize > 0;

    /// <summary>The refill ring can be flushed.</summary>
    public bool CanFlush => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ;

    /// <summary>A queue can be exported.</summary>
    public bool CanExport => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_EXPORT;

    /// <summary>A notification that has fired can be re-armed.</summary>
    public bool CanArm => Notifications && ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_ARM_EVENT;

    /// <summary>An area can be added to a registered queue.</summary>
    public bool CanAddArea => ControlOperations > LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA;

    /// <summary>A registration may carry a description of notifications and statistics; without it the field is reserved.</summary>
    internal bool EventFeature => (Features & LinuxIoUringZcrx.ZCRX_FEATURE_EVENT) != 0;

    /// <summary>Asks a kernel what it can do.</summary>
    /// <param name="kernel">The kernel; it needs no ring for this.</param>
    /// <returns>The snapshot; a kernel that refuses to answer yields one that says so.</returns>
    /// <remarks>Three register calls without a ring; any thread, no permission needed; never throws for what the kernel answers.</remarks>
    public static ZcrxCapabilities Query(IIoUringKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return CapabilityQuery.Run(kernel);
    }

    /// <summary>Bytes to reserve in front of the refill entries.</summary>
    /// <param name="pageSize">The page size in bytes.</param>
    /// <returns>What the kernel said, or a page when it did not.</returns>
    public int RefillHeaderSizeOr(int pageSize) => RefillHeaderSize ?? pageSize;

    /// <summary>Whether the kernel has a feature.</summary>
    /// <param name="feature">The feature.</param>
    /// <returns>Yes, no, or that only trying tells.</returns>
    public ZcrxSupport Support(ZcrxFeature feature) => CapabilitySupport.Of(this, feature);

    /// <summary>Why the kernel does not have a feature, in one clause that names what is missing and since when it exists.</summary>
    /// <param name="feature">The feature.</param>
    /// <returns>
    /// The explanation, without a full stop; null unless <see cref="Support"/> says <see cref="ZcrxSupport.No"/>.
    /// For example: <c>device-less mode needs Linux 7.1 or newer: the kernel's zcrx answers register flags IMPORT only</c>.
    /// </returns>
    public string? WhyNot(ZcrxFeature feature) => CapabilityText.WhyNot(this, feature);

    /// <summary>Everything the kernel said, one fact a line, for people.</summary>
    /// <returns>Several lines separated by line feeds, without one at the end.</returns>
    public string Describe() => CapabilityText.Describe(this);

    /// <summary>The kernel and what it can do, in one line.</summary>
    /// <returns>For example <c>Linux 7.2.12: NicQueue, DeviceLess, …</c>.</returns>
    public override string ToString() => CapabilityText.Line(this);
}
