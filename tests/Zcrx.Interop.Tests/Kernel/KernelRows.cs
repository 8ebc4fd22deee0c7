using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Contains the answers that released kernels have given to capability queries.</summary>
internal static class KernelRows
{
    public static ScriptedKernel Linux616 => new() { Description = "Linux 6.16.12", CallResult = -Errno.EINVAL, ProbedOpcodes = 63 };

    public static ScriptedKernel Linux617 => new() { Description = "Linux 6.17.13", CallResult = -Errno.EINVAL, ProbedOpcodes = 63 };

    public static ScriptedKernel Linux515 => new() { Description = "Linux 5.15.190", CallResult = -Errno.EBADF, ProbedOpcodes = 40 };

    public static ScriptedKernel Linux61 => new() { Description = "Linux 6.1.153", CallResult = -Errno.EINVAL, ProbedOpcodes = 49 };

    public static ScriptedKernel Linux618 => new()
    {
        Description = "Linux 6.18.44",
        Opcodes = Opcodes(requests: 63, registrations: 36, setup: 0x7ffff, queries: 1),
    };

    public static ScriptedKernel Linux619 => new()
    {
        Description = "Linux 6.19.14",
        Opcodes = Opcodes(requests: 65, registrations: 37, setup: 0xfffff, queries: 3),
        Zcrx = Zcrx(registerFlags: 1, controls: 2, features: 0, header: 8),
    };

    public static ScriptedKernel Linux70 => new()
    {
        Description = "Linux 7.0.13",
        Opcodes = Opcodes(requests: 65, registrations: 38, setup: 0x1fffff, queries: 3),
        Zcrx = Zcrx(registerFlags: 1, controls: 2, features: 1, header: 8),
    };

    public static ScriptedKernel Linux71 => new()
    {
        Description = "Linux 7.1.13",
        Opcodes = Opcodes(requests: 65, registrations: 38, setup: 0x1fffff, queries: 3),
        Zcrx = Zcrx(registerFlags: 3, controls: 2, features: 1, header: 8),
    };

    public static ScriptedKernel Linux72 => new()
    {
        Description = "Linux 7.2.12",
        Opcodes = Opcodes(requests: 65, registrations: 38, setup: 0x1fffff, queries: 4),
        Zcrx = Zcrx(registerFlags: 3, controls: 3, features: 3, header: 8),
        Notifications = new io_uring_query_zcrx_event { event_flags = 3, stats_size = 16, stats_off_alignment = 8 },
    };

    public static ScriptedKernel Linux73 => new()
    {
        Description = "Linux 7.3.0-rc7",
        Opcodes = Opcodes(requests: 65, registrations: 38, setup: 0x1fffff, queries: 4),
        Zcrx = Zcrx(registerFlags: 3, controls: 4, features: 3, header: 128),
        Notifications = new io_uring_query_zcrx_event { event_flags = 3, stats_size = 16, stats_off_alignment = 8 },
    };

    /// <summary>Returns a kernel that refuses every query with an errno, as under a seccomp filter or without io_uring.</summary>
    public static ScriptedKernel Refusing(int errno) => new() { Description = "Linux 6.12.41", CallResult = -errno };

    public static IReadOnlyList<ScriptedKernel> All =>
        [Linux515, Linux61, Linux616, Linux617, Linux618, Linux619, Linux70, Linux71, Linux72, Linux73, Refusing(Errno.EPERM), Refusing(Errno.ENOSYS), Refusing(Errno.EFAULT)];

    public static io_uring_query_zcrx Zcrx(ulong registerFlags, uint controls, uint features, uint header) => new()
    {
        register_flags = registerFlags,
        area_flags = 1,
        nr_ctrl_opcodes = controls,
        features = features,
        rq_hdr_size = header,
        rq_hdr_alignment = 64,
    };

    public static io_uring_query_opcode Opcodes(uint requests, uint registrations, ulong setup, uint queries) => new()
    {
        nr_request_opcodes = requests,
        nr_register_opcodes = registrations,
        feature_flags = 0x3ffff,
        ring_setup_flags = setup,
        enter_flags = 0xff,
        sqe_flags = 0x7f,
        nr_query_opcodes = queries,
    };
}
