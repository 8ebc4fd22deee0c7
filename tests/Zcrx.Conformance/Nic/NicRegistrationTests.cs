using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests the errno and the exception of failed registrations on a NIC, and that a failure leaves nothing behind.</summary>
public sealed unsafe class NicRegistrationTests : IClassFixture<LeakCheck>
{
    private const uint NoSuchInterface = 0x7ffffff0;
    private const uint NoSuchQueue = 4000;

    [SkippableTheory]
    [Kernels]
    public void Unknown_interface_is_refused(string name) =>
        AssertRefused(name, -ENODEV, setup => setup.Registration->if_idx = NoSuchInterface);

    [SkippableTheory]
    [Kernels]
    public void Interface_without_queue_management_is_refused(string name) =>
        AssertRefused(name, -EOPNOTSUPP, setup => setup.Registration->if_idx = 1);

    [SkippableTheory]
    [Kernels]
    public void Queue_that_the_interface_does_not_have_is_refused(string name) => AssertRefused(name, -ERANGE, setup => setup.Registration->if_rxq = NoSuchQueue);

    [SkippableTheory]
    [Kernels]
    public void Buffer_length_that_is_no_power_of_two_is_refused(string name) => AssertRefused(name, -EINVAL, setup => setup.Registration->rx_buf_len = 3 * (uint)TestMemory.Page);

    [SkippableTheory]
    [Kernels]
    public void Buffers_larger_than_the_contiguous_memory_are_refused(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.RxBufferLength);
        using var ring = new TestRing(nic.Kernel.Kernel);
        using var setup = new QueueSetup(nic.Kernel, nic: nic);
        // The area lies between guard pages, so no transparent huge page covers all of it. Its pages are therefore not all contiguous.
        setup.Registration->rx_buf_len = 256 * (uint)TestMemory.Page;
        int result = setup.Register(ring);
        Assert.True(result is -ERANGE or -EOPNOTSUPP or -EINVAL, $"the registration is refused with an expected errno, not {Results.Name(result)}");
        setup.Registration->rx_buf_len = 0;
        Results.Equal(0, setup.RegisterWhenFree(ring));
    }

    [SkippableTheory]
    [Kernels]
    public void Queue_that_is_in_use_is_refused_as_busy(string name)
    {
        using var first = new NicQueue(NicUnderTest.Open(name));
        AssertRefused(first.Nic, -EEXIST, _ => { }, isTaken: true);
        using var ring = new TestRing(first.Nic.Kernel.Kernel);
        ZcrxQueueBusyException refusal = Assert.Throws<ZcrxQueueBusyException>(() => Register(first.Nic, ring));
        Assert.Equal(EEXIST, refusal.ErrorNumber);
    }

    [SkippableTheory]
    [Kernels]
    public void Registration_with_header_data_split_off_is_refused(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name);
        using var ring = new TestRing(nic.Kernel.Kernel);
        using var setup = new QueueSetup(nic.Kernel, nic: nic);
        nic.Control("split", "off");
        try
        {
            Results.Equal(-EINVAL, setup.Register(ring));
            ZcrxDeviceException refusal = Assert.Throws<ZcrxDeviceException>(() => Register(nic, ring));
            Assert.Contains("tcp-data-split on", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            nic.Control("split", "on");
        }

        Results.Equal(0, setup.RegisterWhenFree(ring));
        // The kernel refuses to turn header/data split off while a queue needs it.
        nic.AssertRefuses("split", "off");
    }

    [SkippableTheory]
    [Kernels]
    public void Library_explains_a_missing_queue_a_missing_interface_and_loopback(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name);
        using var ring = new TestRing(nic.Kernel.Kernel);
        Assert.Contains($"no RX queue {NoSuchQueue}", Assert.Throws<ZcrxDeviceException>(() => Register(nic, ring, NoSuchQueue)).Message, StringComparison.Ordinal);
        Assert.Equal(ENODEV, Assert.Throws<ZcrxDeviceException>(() => Register(nic, ring, name: "no-such-if")).ErrorNumber);
        Assert.Equal(EOPNOTSUPP, Assert.Throws<ZcrxUnsupportedException>(() => Register(nic, ring, name: "lo")).ErrorNumber);
    }

    private static void Register(NicUnderTest nic, TestRing ring, uint? queue = null, string? name = null) => InterfaceQueue.Register(
        ring.Ring, new InterfaceQueueOptions { Interface = name ?? nic.Interface, RxQueue = queue ?? nic.Queue, AreaSize = 64 * TestMemory.Page }, nic.Kernel.Capabilities);

    private static void AssertRefused(string name, int expected, Action<QueueSetup> spoil) => AssertRefused(NicUnderTest.Open(name), expected, spoil, isTaken: false);

    /// <summary>
    /// Asserts that a registration with one invalid parameter fails. Unless the RX queue is taken, the registration must succeed when the
    /// parameter is valid again.
    /// </summary>
    private static void AssertRefused(NicUnderTest nic, int expected, Action<QueueSetup> spoil, bool isTaken)
    {
        using var ring = new TestRing(nic.Kernel.Kernel);
        using var setup = new QueueSetup(nic.Kernel, nic: nic);
        spoil(setup);
        Results.Equal(expected, setup.Register(ring));
        setup.Registration->if_idx = nic.Index;
        setup.Registration->if_rxq = nic.Queue;
        setup.Registration->rx_buf_len = 0;
        Results.Equal(isTaken ? expected : 0, isTaken ? setup.Register(ring) : setup.RegisterWhenFree(ring));
    }
}
