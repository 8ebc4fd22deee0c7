using System.Runtime.InteropServices;
using Xunit.Abstractions;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Rings;
using Zcrx.Interop.Tests.Errors;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Tests registrations on the machine's kernel, and the exceptions that result from its refusals.</summary>
public sealed unsafe partial class RegistrationTests(ITestOutputHelper output)
{
    private const int AreaBytes = 1 << 20;
    private const uint Loopback = 1;
    private const uint NoSuchInterface = 4242;

    private readonly LinuxKernel _kernel = new();

    [Fact]
    public void Capabilities_of_the_local_kernel_are_queried()
    {
        var capabilities = ZcrxCapabilities.Query(_kernel);
        output.WriteLine(capabilities.Describe());

        Assert.Equal(_kernel.Description, capabilities.Kernel);
        Assert.NotEqual(CapabilityQueryState.Failed, capabilities.State);
        if (capabilities.AnswersQueries)
        {
            Assert.True(capabilities.RequestOpcodes > IORING_OP_NOP);
            Assert.Equal(MappedRing.Flags, (uint)capabilities.RingSetupFlags!.Value & MappedRing.Flags);
        }

        if (capabilities.AnswersZcrxQuery)
        {
            Assert.NotNull(capabilities.RefillHeaderSize);
            Assert.True(capabilities.CanFlush);
        }
    }

    [SkippableFact]
    public void Registration_without_device_less_mode_names_the_needed_release()
    {
        var capabilities = ZcrxCapabilities.Query(_kernel);
        Skip.If(capabilities.DeviceLess, $"{capabilities.Kernel} has device-less mode.");
        using var ring = new MappedRing(_kernel);
        SkipWithoutPermission();

        int result = Register(ring, new io_uring_zcrx_ifq_reg { flags = LinuxIoUringZcrx.ZCRX_REG_NODEV });
        var exception = RegistrationErrors.Explain(result, Asked(null, capabilities));
        output.WriteLine(exception.Message);

        ExceptionAssert.Is<ZcrxUnsupportedException>(
            exception, Errno.EINVAL, "Registering a device-less queue failed with EINVAL", "device-less mode needs Linux 7.1 or newer", "emulated");
    }

    [SkippableFact]
    public void Registration_on_loopback_is_unsupported_and_names_its_driver()
    {
        using var ring = new MappedRing(_kernel);
        SkipWithoutPermission();

        int result = Register(ring, new io_uring_zcrx_ifq_reg { if_idx = Loopback });
        Skip.If(result == -Errno.EINVAL, $"{_kernel.Description} has no zero-copy receive.");
        var exception = RegistrationErrors.Explain(result, Asked("lo", ZcrxCapabilities.Query(_kernel)));
        output.WriteLine(exception.Message);

        ExceptionAssert.Is<ZcrxUnsupportedException>(exception, Errno.EOPNOTSUPP, "the driver of lo has no queue management");
    }

    [SkippableFact]
    public void Registration_on_a_missing_interface_names_it()
    {
        using var ring = new MappedRing(_kernel);
        SkipWithoutPermission();

        int result = Register(ring, new io_uring_zcrx_ifq_reg { if_idx = NoSuchInterface });
        Skip.If(result is -Errno.EINVAL or -Errno.EOPNOTSUPP, $"{_kernel.Description} has no zero-copy receive.");
        var exception = RegistrationErrors.Explain(result, Asked("eth4242", ZcrxCapabilities.Query(_kernel)));
        output.WriteLine(exception.Message);

        ExceptionAssert.Is<ZcrxDeviceException>(exception, Errno.ENODEV, "there is no interface eth4242");
    }

    [SkippableFact]
    public void Registration_without_the_capability_names_CAP_NET_ADMIN()
    {
        // Capabilities belong to a thread. A thread of its own drops them without effect on the others.
        var (result, host, capabilities) = OtherThread.Run(() =>
        {
            DropAllCapabilities();
            using var ring = new MappedRing(_kernel);
            int refused = Register(ring, new io_uring_zcrx_ifq_reg { if_idx = Loopback });
            return (refused, ThisThread(), ZcrxCapabilities.Query(_kernel));
        });
        Skip.If(result == -Errno.EINVAL, $"{_kernel.Description} has no zero-copy receive.");
        var exception = RegistrationErrors.Explain(result, Asked("lo", capabilities) with { Host = host });
        output.WriteLine(exception.Message);

        Assert.False(host.HasNetAdmin);
        ExceptionAssert.Is<ZcrxNotPermittedException>(exception, Errno.EPERM, "CAP_NET_ADMIN", "setcap");
    }

    [SkippableFact]
    public void Calls_behind_a_seccomp_filter_are_refused_with_the_reason()
    {
        var (capabilities, result, host) = OtherThread.Run(() =>
        {
            bool filtered = SeccompFilter.RefuseIoUring(Errno.EPERM);
            Skip.IfNot(filtered, "No seccomp filter can be installed here.");
            io_uring_params parameters = default;
            int refused = _kernel.Setup(8, &parameters);
            return (ZcrxCapabilities.Query(_kernel), refused, ThisThread());
        });
        var exception = RingErrors.ExplainSetup(result, host);
        output.WriteLine(capabilities.Describe());
        output.WriteLine(exception.Message);

        Assert.Equal(CapabilityQueryState.Refused, capabilities.State);
        Assert.Equal(Errno.EPERM, capabilities.QueryErrorNumber);
        Assert.True(host.SeccompFilter);
        ExceptionAssert.Is<ZcrxNotPermittedException>(exception, Errno.EPERM);
    }

    private static void SkipWithoutPermission()
    {
        string? reason = HostFacts.Read().WhyNoRegistration();
        Skip.If(reason is not null, $"Not permitted here: {reason}.");
    }

    private static RegistrationFacts Asked(string? name, ZcrxCapabilities capabilities) => Facts.Nic with
    {
        Interface = name,
        RxQueue = 0,
        DeviceLess = name is null,
        AreaBytes = AreaBytes,
        Notifications = false,
        Capabilities = capabilities,
        Host = HostFacts.Read(),
    };

    /// <summary>Registers a queue with an area and a region of its own. The queue ends with the ring.</summary>
    private int Register(MappedRing ring, io_uring_zcrx_ifq_reg registration)
    {
        const int RegionBytes = 1 << 17;
        using var area = new TestMemory(AreaBytes);
        using var region = new TestMemory(RegionBytes);
        io_uring_zcrx_area_reg areaRegistration = new() { addr = (ulong)area.Address, len = AreaBytes };
        io_uring_region_desc regionDescription = new() { user_addr = (ulong)region.Address, size = RegionBytes, flags = IORING_MEM_REGION_TYPE_USER };
        registration.rq_entries = 64;
        registration.area_ptr = (ulong)&areaRegistration;
        registration.region_ptr = (ulong)&regionDescription;
        return _kernel.Register(ring.Fd, IORING_REGISTER_ZCRX_IFQ, &registration, 1);
    }

    private static HostFacts ThisThread() => HostFacts.Parse(
        "0.0",
        Environment.SystemPageSize,
        File.ReadAllText("/proc/thread-self/status"),
        File.ReadAllText("/proc/self/uid_map"),
        ioUringDisabled: null,
        ioUringGroup: null,
        lockedMemoryLimit: null);

    private static void DropAllCapabilities()
    {
        const uint Version3 = 0x20080522;
        uint* header = stackalloc uint[] { Version3, 0 };
        uint* none = stackalloc uint[6];
        new Span<uint>(none, 6).Clear();
        Assert.Equal(0, capset(header, none));
    }

    [LibraryImport("libc", EntryPoint = "capset")]
    private static partial int capset(uint* header, uint* data);
}
