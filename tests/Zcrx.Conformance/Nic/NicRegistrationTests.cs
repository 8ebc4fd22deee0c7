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
    public void An_unknown_interface(string name) => AssertRefused(name, -ENODEV, setup => setup.Registration->if_idx = NoSuchInterface);

    [SkippableTheory]
    [Kernels]
    public void An_interface_that_cannot(string name) => AssertRefused(name, -EOPNOTSUPP, setup => setup.Registration->if_idx = 1);

    [SkippableTheory]
    [Kernels]
    public void A_queue_that_it_does_not_have(string name) => AssertRefused(name, -ERANGE, setup => setup.Registration->if_rxq = NoSuchQueue);

    [SkippableTheory]
    [Kernels]
    public void A_buffer_length_that_is_no_power_of_two(string name) => AssertRefused(name, -EINVAL, setup => setup.Registration->rx_buf_len = 3 * (uint)TestMemory.Page);

    [SkippableTheory]
    [Kernels]
    public void Buffers_larger_than_what_lies_together_in_memory(string name)
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
    public void A_queue_that_is_taken(string name)
    {
        using var first = new NicQueue(NicUnderTest.Open(name));
        AssertRefused(first.Nic, -EEXIST, _ => { }, isTaken: true);
        using var ring = new TestRing(first.Nic.Kernel.Kernel);
        ZcrxQueueBusyException refusal = Assert.Throws<ZcrxQueueBusyException>(() => Register(first.Nic, ring));
        Assert.Equal(EEXIST, refusal.ErrorNumber);
    }

    [SkippableTheory]
    [Kernels]
    public void Header_data_split_that_is_off(string name)
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
    public void The_library_names_what_is_wrong(string name)
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
    /// Registers with one invalid parameter. Unless the queue is taken, the same registration must succeed afterwards with a valid
    /// parameter.
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
