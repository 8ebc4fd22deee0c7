using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Registration;

public unsafe class RegistrationAreaTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Action<QueueSetup> Spoil, int Expected)> Table = new()
    {
        ["no description"] = (setup => setup.Registration->area_ptr = 0, -EFAULT),
        ["description in unmapped memory"] = (setup => setup.Registration->area_ptr = (ulong)(setup.Area.Address - 64), -EFAULT),
        ["address 0"] = (setup => setup.AreaRegistration->addr = 0, -EFAULT),
        ["length 0"] = (setup => setup.AreaRegistration->len = 0, -EFAULT),
        ["unaligned address"] = (setup => (setup.AreaRegistration->addr, setup.AreaRegistration->len) = (setup.AreaRegistration->addr + 2048, setup.AreaRegistration->len / 2), -EINVAL),
        ["unaligned length"] = (setup => setup.AreaRegistration->len -= 2048, -EINVAL),
        ["begins on the guard page"] = (setup => setup.AreaRegistration->addr -= TestMemory.Page, -EFAULT),
        ["ends on the guard page"] = (setup => setup.AreaRegistration->len += TestMemory.Page, -EFAULT),
        ["read-only"] = (setup => setup.Area.MakeReadOnly(), -EFAULT),
        ["unmapped"] = (setup => setup.AreaRegistration->addr = (ulong)TestMemory.Nowhere, -EFAULT),
        ["longer than memory may be"] = (setup => setup.AreaRegistration->len = 1ul << 31, -EFAULT),
        ["token given"] = (setup => setup.AreaRegistration->rq_area_token = 1, -EINVAL),
        ["unknown flag"] = (setup => setup.AreaRegistration->flags = 2, -EINVAL),
        ["first reserved word"] = (setup => setup.AreaRegistration->__resv2[0] = 1, -EINVAL),
        ["second reserved word"] = (setup => setup.AreaRegistration->__resv2[1] = 1, -EINVAL),
        ["descriptor without the flag for it"] = (setup => setup.AreaRegistration->dmabuf_fd = 3, -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    internal static IEnumerable<KeyValuePair<string, Action<QueueSetup>>> Spoils => Table.Select(row => KeyValuePair.Create(row.Key, row.Value.Spoil));

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Registration_with_an_invalid_area_is_refused(string name, string change)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        (Action<QueueSetup> spoil, int expected) = Table[change];
        spoil(setup);
        Results.Equal(expected, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Registration_with_an_area_longer_than_any_memory_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var ring = new TestRing(kernel.Kernel);
        // The kernel keeps an array with a pointer to each page, which must be smaller than 2 GiB. A tebibyte fits only if pages are larger
        // than 4 KiB.
        int tebibyte = (1ul << 40) / TestMemory.Page * sizeof(ulong) > int.MaxValue ? -EOVERFLOW : -EFAULT;
        foreach ((ulong length, int since72) in new[] { (1ul << 40, tebibyte), (1ul << 41, -EINVAL), (1ul << 48, -EINVAL), (ulong.MaxValue & ~(ulong)(TestMemory.Page - 1), -EINVAL) })
        {
            using var setup = new QueueSetup(kernel);
            setup.AreaRegistration->len = length;
            // Before 7.2, an area of more than one gibibyte fails with EFAULT. Since 7.2, the limit is near one tebibyte.
            Results.Equal(kernel.Capabilities.Notifications ? since72 : -EFAULT, setup.Register(ring));
        }
    }

    [SkippableTheory, Kernels]
    public void Registration_of_device_memory_without_a_device_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        setup.AreaRegistration->flags = IORING_ZCRX_AREA_DMABUF;
        Results.Equal(-EINVAL, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Area_of_one_buffer_receives_repeatedly(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 1, entries: 1);
        using var connection = new TcpPair();
        connection.Send(100);
        queue.Receive(connection, 1);
        IReadOnlyList<Cqe> data = queue.Ring.TakeBytes(1, 100);
        Assert.Equal(100, queue.AssertPattern(data));
        queue.Return(data);
        queue.FlushAll();
        connection.Send(100);
        Assert.Equal(200, queue.AssertPattern(queue.Ring.TakeBytes(1, 100), 100));
    }
}
