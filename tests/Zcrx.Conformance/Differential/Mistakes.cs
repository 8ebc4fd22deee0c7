using Zcrx.Conformance.Registration;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <summary>Contains changes that make one parameter of a call invalid.</summary>
/// <remarks>Programs apply two of them to one call. The error that the kernel reports shows which parameter it checks first.</remarks>
internal static unsafe class Mistakes
{
    public delegate void InRequest(io_uring_sqe* entry, Sockets sockets);

    public delegate void InControl(zcrx_ctrl* control);

    public delegate void InImport(io_uring_zcrx_ifq_reg* registration, Sockets sockets);

    /// <summary>Gets the mistakes in the parameters of a registration. The registration tests make each of them alone.</summary>
    public static IReadOnlyList<KeyValuePair<string, Action<QueueSetup>>> Registration { get; } =
    [
        .. Named("parameters", RegistrationParameterTests.Spoils), .. Named("area", RegistrationAreaTests.Spoils),
        .. Named("region", RegistrationRegionTests.Spoils), .. Named("events", RegistrationEventTests.Spoils),
    ];

    /// <summary>Gets the mistakes in a receive request. Each one alone makes the kernel end the request.</summary>
    public static IReadOnlyList<InRequest> Receive { get; } =
    [
        (entry, _) => entry->ioprio = 0,
        (entry, _) => entry->ioprio |= 1 << 9,
        (entry, _) => entry->zcrx_ifq_idx = 55,
        (entry, _) => entry->zcrx_ifq_idx = uint.MaxValue,
        (entry, _) => entry->off = 1,
        (entry, _) => entry->addr = 1,
        (entry, _) => entry->addr3 = 1,
        (entry, _) => entry->msg_flags = 0x40,
        (entry, _) => entry->fd = -1,
        (entry, _) => entry->fd = 99_999,
        (entry, sockets) => entry->fd = sockets.Pipe,
        (entry, sockets) => entry->fd = sockets.Datagrams,
        (entry, sockets) => entry->fd = sockets.Local,
        (entry, sockets) => entry->fd = sockets.Unconnected,
        (entry, sockets) => entry->fd = sockets.Listening,
        (entry, _) => entry->ioprio = IORING_RECV_MULTISHOT << 1,
    ];

    public static IReadOnlyList<InControl> Control { get; } =
    [
        control => control->zcrx_id = 77,
        control => control->op = 99,
        control => control->__resv[0] = 1,
        control => control->__resv[1] = 1,
        control => control->zc_flush.__resv[0] = 1,
        control => control->zc_flush.__resv[5] = 1,
        control => control->zc_export.__resv1[10] = 1,
        control => (control->op, control->zc_export.zcrx_fd) = (ZCRX_CTRL_EXPORT, 1),
        control => (control->op, control->zc_export.__resv1[3]) = (ZCRX_CTRL_EXPORT, 1),
        control => (control->op, control->zc_arm_event.event_type) = (ZCRX_CTRL_ARM_EVENT, 2),
        control => (control->op, control->zc_arm_event.__resv[7]) = (ZCRX_CTRL_ARM_EVENT, 1),
        control => (control->op, control->zc_area.area_ptr) = (ZCRX_CTRL_ADD_AREA, 0),
        control => (control->op, control->zc_area.__resv[4]) = (ZCRX_CTRL_ADD_AREA, 1),
        control => control->op = uint.MaxValue,
        control => control->zcrx_id = uint.MaxValue,
        control => control->op = ZCRX_CTRL_ADD_AREA + 1,
    ];

    public static IReadOnlyList<InImport> Import { get; } =
    [
        (registration, _) => registration->if_idx = uint.MaxValue,
        (registration, sockets) => registration->if_idx = (uint)sockets.Listening,
        (registration, _) => registration->flags |= ZCRX_REG_NODEV,
        (registration, _) => registration->if_rxq = 1,
        (registration, _) => registration->rq_entries = 64,
        (registration, _) => registration->zcrx_id = 1,
        (registration, _) => registration->__resv[1] = 1,
        (registration, _) => registration->area_ptr = 4096,
        (registration, _) => registration->event_desc = 4096,
        (registration, _) => registration->region_ptr = 4096,
        (registration, _) => registration->rx_buf_len = 4096,
    ];

    private static IEnumerable<KeyValuePair<string, Action<QueueSetup>>> Named(string part, IEnumerable<KeyValuePair<string, Action<QueueSetup>>> spoils) =>
        spoils.Select(spoil => KeyValuePair.Create($"{part}: {spoil.Key}", spoil.Value));
}
