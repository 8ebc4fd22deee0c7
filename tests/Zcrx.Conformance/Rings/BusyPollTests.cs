using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Rings;

/// <summary>Tests <c>IORING_REGISTER_NAPI</c>: the settings of busy polling.</summary>
public unsafe class BusyPollTests : IClassFixture<LeakCheck>
{
    private static readonly io_uring_napi Valid = new() { busy_poll_to = 50, prefer_busy_poll = 1, op_param = IO_URING_NAPI_TRACKING_DYNAMIC };

    [SkippableTheory]
    [Kernels]
    public void Settings_are_stored_and_returned_by_the_next_call(string name)
    {
        using TestRing ring = Open(name);
        io_uring_napi first = Valid;
        Results.Equal(0, ring.Register(IORING_REGISTER_NAPI, &first, 1));
        Assert.Equal((0u, 0), (first.busy_poll_to, first.prefer_busy_poll));
        io_uring_napi second = new() { busy_poll_to = 7, op_param = IO_URING_NAPI_TRACKING_STATIC };
        Results.Equal(0, ring.Register(IORING_REGISTER_NAPI, &second, 1));
        Assert.Equal((50u, 1, IO_URING_NAPI_TRACKING_DYNAMIC), (second.busy_poll_to, second.prefer_busy_poll, second.op_param));
        io_uring_napi last = default;
        Results.Equal(0, ring.Register(IORING_UNREGISTER_NAPI, &last, 1));
        Assert.Equal((7u, 0), (last.busy_poll_to, last.prefer_busy_poll));
        io_uring_napi none = Valid;
        Results.Equal(0, ring.Register(IORING_REGISTER_NAPI, &none, 1));
        Assert.Equal((0u, 0), (none.busy_poll_to, none.prefer_busy_poll));
    }

    [SkippableTheory]
    [Kernels]
    public void Invalid_busy_polling_settings_are_refused(string name)
    {
        using TestRing ring = Open(name);
        io_uring_napi padded = Valid;
        padded.pad[1] = 1;
        io_uring_napi[] mistakes =
        [
            padded, Valid with { resv = 1 }, Valid with { opcode = 9 }, Valid with { op_param = 7 },
            // These operations are invalid because the ring does not use static tracking, in which the caller manages the ids.
            Valid with { opcode = IO_URING_NAPI_STATIC_ADD_ID, op_param = 100_000 },
            Valid with { opcode = IO_URING_NAPI_STATIC_DEL_ID, op_param = 100_000 },
        ];
        foreach (io_uring_napi mistake in mistakes)
        {
            io_uring_napi napi = mistake;
            Results.Equal(-EINVAL, ring.Register(IORING_REGISTER_NAPI, &napi, 1));
        }

        io_uring_napi valid = Valid;
        Results.Equal(-EINVAL, ring.Register(IORING_REGISTER_NAPI, &valid, 0));
        Results.Equal(-EINVAL, ring.Register(IORING_REGISTER_NAPI, null, 1));
        Results.Equal(-EFAULT, ring.Register(IORING_REGISTER_NAPI, (void*)8, 1));
        Results.Equal(-EINVAL, ring.Register(IORING_UNREGISTER_NAPI, null, 0));
    }

    [SkippableTheory]
    [Kernels]
    public void Library_enables_busy_polling(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        Open(name).Dispose();
        using IoRing ring = IoRing.Create(kernel.Kernel, new IoRingOptions { BusyPoll = TimeSpan.FromMicroseconds(50), PreferBusyPoll = true });
        io_uring_napi current = default;
        Results.Equal(0, kernel.Kernel.Register(ring.Fd, IORING_UNREGISTER_NAPI, &current, 1));
        Assert.Equal((50u, 1), (current.busy_poll_to, current.prefer_busy_poll));
    }

    private static TestRing Open(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        TestRing ring = new(kernel.Kernel);
        io_uring_napi none = default;
        if (ring.Register(IORING_UNREGISTER_NAPI, &none, 1) != 0)
        {
            ring.Dispose();
            Skip.If(true, $"{kernel.Kernel.Description} has no busy polling for io_uring");
        }

        return ring;
    }
}
