using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Capabilities;

/// <summary>Derives support of a feature from a snapshot of capabilities. Pure.</summary>
internal static class CapabilitySupport
{
    public static ZcrxSupport Of(ZcrxCapabilities capabilities, ZcrxFeature feature) => feature switch
    {
        ZcrxFeature.NicQueue => NicQueue(capabilities),
        ZcrxFeature.DeviceLess => If(capabilities.DeviceLess),
        ZcrxFeature.RxBufferLength => If(capabilities.RxBufferLength),
        ZcrxFeature.DmaBufArea => DmaBufArea(capabilities),
        ZcrxFeature.Notifications => If(capabilities.CanArm),
        ZcrxFeature.Statistics => If(capabilities.Statistics),
        ZcrxFeature.Flush => If(capabilities.CanFlush),
        ZcrxFeature.Export => If(capabilities.CanExport),
        ZcrxFeature.Import => If(capabilities.CanImport),
        ZcrxFeature.AddArea => If(capabilities.CanAddArea),
        _ => ZcrxSupport.No,
    };

    private static ZcrxSupport If(bool value) => value ? ZcrxSupport.Yes : ZcrxSupport.No;

    /// <summary>
    /// Determines whether NIC queues are supported. NIC queues are older than the capability queries, so a kernel that answers no query may
    /// support them.
    /// </summary>
    private static ZcrxSupport NicQueue(ZcrxCapabilities capabilities) => capabilities.State switch
    {
        CapabilityQueryState.Answered => ZcrxSupport.Yes,
        CapabilityQueryState.Refused => ZcrxSupport.No,
        CapabilityQueryState.ZcrxQueryUnknown => KnowsOpcodes(capabilities) ? ZcrxSupport.Unknown : ZcrxSupport.No,
        CapabilityQueryState.QueryUnknown when capabilities.RequestOpcodes <= LinuxIoUring.IORING_OP_RECV_ZC => ZcrxSupport.No,
        _ => ZcrxSupport.Unknown,
    };

    /// <summary>
    /// Determines whether areas of device memory are supported. Such areas are older than the capability queries, so a kernel that answers
    /// no query may support them.
    /// </summary>
    private static ZcrxSupport DmaBufArea(ZcrxCapabilities capabilities) =>
        capabilities.AnswersZcrxQuery ? If(capabilities.DmaBufAreas) : NicQueue(capabilities);

    private static bool KnowsOpcodes(ZcrxCapabilities capabilities) =>
        capabilities.RequestOpcodes > LinuxIoUring.IORING_OP_RECV_ZC && capabilities.RegisterOpcodes > LinuxIoUring.IORING_REGISTER_ZCRX_IFQ;
}
