using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Registration;

public unsafe class RegistrationParameterTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Action<QueueSetup> Spoil, int Expected)> Table = new()
    {
        ["first reserved word"] = (setup => setup.Registration->__resv[0] = 1, -EINVAL),
        ["second reserved word"] = (setup => setup.Registration->__resv[1] = 1, -EINVAL),
        ["id given"] = (setup => setup.Registration->zcrx_id = 5, -EINVAL),
        ["unknown flag"] = (setup => setup.Registration->flags |= 8, -EINVAL),
        ["device-less and import at once"] = (setup => setup.Registration->flags |= ZCRX_REG_IMPORT, -EINVAL),
        ["no refill entries"] = (setup => setup.Registration->rq_entries = 0, -EINVAL),
        ["device-less with an interface"] = (setup => setup.Registration->if_idx = 1, -EINVAL),
        ["device-less with a queue"] = (setup => setup.Registration->if_rxq = 1, -EINVAL),
        ["queue number -1"] = (setup => setup.Registration->if_rxq = uint.MaxValue, -EINVAL),
        ["interface and queue number -1"] = (setup => (setup.Registration->flags, setup.Registration->if_idx, setup.Registration->if_rxq) = (0, 1, uint.MaxValue), -EINVAL),
        ["buffer length 100"] = (setup => setup.Registration->rx_buf_len = 100, -EINVAL),
        ["buffer length below a page"] = (setup => setup.Registration->rx_buf_len = (uint)TestMemory.Page / 2, -EINVAL),
        ["buffer length three pages"] = (setup => setup.Registration->rx_buf_len = (uint)TestMemory.Page * 3, -EINVAL),
        ["buffer length all ones"] = (setup => setup.Registration->rx_buf_len = uint.MaxValue, -EINVAL),
        ["buffer length two pages without a device"] = (setup => setup.Registration->rx_buf_len = (uint)TestMemory.Page * 2, -EOPNOTSUPP),
        ["buffer length 2 GiB"] = (setup => setup.Registration->rx_buf_len = 1u << 31, -EOPNOTSUPP),
        ["unknown interface"] = (setup => (setup.Registration->flags, setup.Registration->if_idx) = (0, 4242), -ENODEV),
        ["interface 0"] = (setup => setup.Registration->flags = 0, -ENODEV),
        ["interface without queue management"] = (setup => (setup.Registration->flags, setup.Registration->if_idx) = (0, 1), -EOPNOTSUPP),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    internal static IEnumerable<KeyValuePair<string, Action<QueueSetup>>> Spoils => Table.Select(row => KeyValuePair.Create(row.Key, row.Value.Spoil));

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Registration_with_an_invalid_parameter_is_refused(string name, string change)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        (Action<QueueSetup> spoil, int expected) = Table[change];
        spoil(setup);
        Results.Equal(expected, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Registration_with_an_argument_count_other_than_one_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(-EINVAL, ring.Register(IORING_REGISTER_ZCRX_IFQ, setup.Registration, 0));
        Results.Equal(-EINVAL, ring.Register(IORING_REGISTER_ZCRX_IFQ, setup.Registration, 2));
    }

    [SkippableTheory, Kernels]
    public void Registration_without_parameters_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var ring = new TestRing(kernel.Kernel);
        // Without an argument, the kernel returns EINVAL and not EFAULT, because it does not try to read the memory.
        int missing = ring.Register(IORING_REGISTER_ZCRX_IFQ, null, 1);
        Results.Equal(-EINVAL, missing);
        using var memory = new TestMemory(TestMemory.Page);
        Results.Equal(-EFAULT, ring.Register(IORING_REGISTER_ZCRX_IFQ, (byte*)memory.Address - 4096, 1));
        Results.Equal(-EFAULT, ring.Register(IORING_REGISTER_ZCRX_IFQ, (byte*)memory.Address + memory.Length - 8, 1));
    }

    [SkippableTheory, Kernels]
    public void Registration_with_read_only_parameters_is_refused_and_takes_no_id(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var spoiled = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        spoiled.MakeParametersReadOnly();
        Results.Equal(-EFAULT, spoiled.Register(ring));
        using var valid = new QueueSetup(kernel);
        Results.Equal(0, valid.Register(ring));
        Assert.Equal(0u, valid.Registration->zcrx_id);
    }

    [SkippableTheory, Kernels]
    public void Too_many_refill_entries_are_refused_on_a_ring_without_clamp(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel, entries: 65536);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory);
        Results.Equal(-EINVAL, ring.Register(setup));
    }

    [SkippableTheory, Kernels]
    public void Too_many_refill_entries_are_clamped_on_a_ring_with_clamp(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel, entries: 65536);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory | IORING_SETUP_CLAMP);
        Results.Equal(0, ring.Register(setup));
        Assert.Equal(32768u, setup.Registration->rq_entries);
    }
}
