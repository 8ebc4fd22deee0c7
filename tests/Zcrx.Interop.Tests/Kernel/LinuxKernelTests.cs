using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Tests the system calls on the machine's kernel.</summary>
public unsafe class LinuxKernelTests
{
    private readonly LinuxKernel _kernel = new();

    [Fact]
    public void Description_names_the_kernel()
    {
        Assert.Matches("^Linux [0-9]+\\.[0-9]+", _kernel.Description);
        Assert.Equal(_kernel.Description, _kernel.ToString());
    }

    [SkippableFact]
    public void A_ring_completes_what_was_submitted()
    {
        using var ring = new MappedRing(_kernel);

        Assert.Equal(64u, ring.CompletionCapacity);
        for (ulong turn = 0; turn < 200; turn++)
        {
            var completion = ring.Run(new io_uring_sqe { opcode = IORING_OP_NOP, user_data = 0xfeed_0000_0000_0000 + turn });

            Assert.Equal(0xfeed_0000_0000_0000 + turn, completion.user_data);
            Assert.Equal(0, completion.res);
        }
    }

    [SkippableFact]
    public void Wait_ends_at_its_timeout()
    {
        using var ring = new MappedRing(_kernel);
        __kernel_timespec time = new() { tv_nsec = 1_000_000 };
        io_uring_getevents_arg argument = new() { ts = (ulong)&time };

        int result = _kernel.Enter(ring.Fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, (nuint)sizeof(io_uring_getevents_arg));

        Assert.Equal(-Errno.ETIME, result);
    }

    [SkippableFact]
    public void A_ring_belongs_to_the_thread_that_set_it_up()
    {
        using var ring = new MappedRing(_kernel);
        int fd = ring.Fd;

        int entered = OtherThread.Run(() => _kernel.Enter(fd, 0, 0, IORING_ENTER_GETEVENTS, null, 0));
        int registered = OtherThread.Run(() => _kernel.Register(fd, IORING_REGISTER_ENABLE_RINGS, null, 0));

        Assert.Equal(-Errno.EEXIST, entered);
        Assert.Equal(-Errno.EEXIST, registered);
    }

    [SkippableFact]
    public void Refused_set_up_returns_a_negative_errno()
    {
        using var ring = new MappedRing(_kernel);
        io_uring_params unknownFlag = new() { flags = 1u << 31 };
        io_uring_params tooLarge = default;

        Assert.Equal(-Errno.EINVAL, _kernel.Setup(8, &unknownFlag));
        Assert.Equal(-Errno.EINVAL, _kernel.Setup(0, &tooLarge));
        Assert.Equal(-Errno.EINVAL, _kernel.Setup(uint.MaxValue, &tooLarge));
        Assert.Equal(-Errno.EFAULT, _kernel.Setup(8, null));
    }

    [SkippableFact]
    public void Other_refused_calls_return_negative_errnos()
    {
        using var ring = new MappedRing(_kernel);

        Assert.Equal(-Errno.EBADF, _kernel.Enter(-1, 0, 0, 0, null, 0));
        Assert.Equal(-Errno.EINVAL, _kernel.Register(ring.Fd, uint.MaxValue >> 1, null, 0));
        // Several checks of the kernel refuse this offset. Kernels differ in the check that comes first.
        Assert.Contains(_kernel.Map(ring.Fd, 4096, 0x7000_0000), new nint[] { -Errno.EINVAL, -Errno.ENOMEM });
        Assert.Equal(-Errno.EBADF, _kernel.Map(-1, 4096, IORING_OFF_CQ_RING));
        Assert.Equal(-Errno.EINVAL, _kernel.Unmap(1, 4096));
        Assert.Equal(-Errno.EBADF, _kernel.Close(-1));
    }

    [SkippableFact]
    public void Descriptor_of_a_ring_closes_on_exec()
    {
        using var ring = new MappedRing(_kernel);
        const int CloseOnExec = 0x80000;

        string flags = File.ReadLines($"/proc/self/fdinfo/{ring.Fd}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));

        Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & CloseOnExec);
    }
}
