using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Registration;

public unsafe class RegistrationResultTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Registration_writes_its_results_back(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel, entries: 33);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(0, setup.Register(ring));
        Assert.Equal(64u, setup.Registration->rq_entries);
        Assert.Equal(0u, setup.Registration->zcrx_id);
        Assert.Equal((uint)TestMemory.Page, setup.Registration->rx_buf_len);
        Assert.Equal(0ul, setup.AreaRegistration->rq_area_token);
        Assert.Equal(0u, setup.Registration->offsets.head);
        Assert.Equal(setup.EntriesOffset, setup.Registration->offsets.rqes);
        Assert.InRange(setup.Registration->offsets.tail, 4u, setup.Registration->offsets.rqes - 4);
        // The kernel must not change the fields that the caller has set.
        Assert.Equal((ulong)setup.AreaRegistration, setup.Registration->area_ptr);
        Assert.Equal((ulong)setup.RegionDescriptor, setup.Registration->region_ptr);
        Assert.Equal((ulong)setup.Region.Address, setup.RegionDescriptor->user_addr);
        Assert.Equal((ulong)setup.Area.Address, setup.AreaRegistration->addr);
    }

    [SkippableTheory, Kernels]
    public void Buffer_length_of_a_page_equals_the_default(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.RxBufferLength);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        setup.Registration->rx_buf_len = (uint)TestMemory.Page;
        Results.Equal(0, setup.Register(ring));
        Assert.Equal((uint)TestMemory.Page, setup.Registration->rx_buf_len);
    }

    [SkippableTheory, Kernels]
    public void Registration_zeroes_the_header_and_the_statistics(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        setup.Region.Span(0, (int)setup.Region.Length).Fill(0xff);
        Results.Equal(0, setup.Register(ring));
        Assert.Equal(0u, *(uint*)(setup.Region.Address + (nint)setup.Registration->offsets.head));
        Assert.Equal(0u, *(uint*)(setup.Region.Address + (nint)setup.Registration->offsets.tail));
        if (kernel.Capabilities.Statistics)
        {
            Assert.Equal(new byte[16], setup.Region.Span(setup.StatisticsOffset, 16).ToArray());
            Assert.Equal(0xff, setup.Region.Span(setup.StatisticsOffset + 16, 1)[0]);
        }
    }

    [SkippableTheory, Kernels]
    public void Queues_of_one_ring_have_ids_in_order(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var first = new QueueSetup(kernel);
        using var second = new QueueSetup(kernel);
        using var third = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(0, first.Register(ring));
        Results.Equal(0, second.Register(ring));
        Results.Equal(0, third.Register(ring));
        Assert.Equal([0u, 1u, 2u], new[] { first, second, third }.Select(setup => setup.Registration->zcrx_id));
    }

    [SkippableTheory, Kernels]
    public void A_failed_registration_takes_no_id(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var ring = new TestRing(kernel.Kernel);
        using var spoiled = new QueueSetup(kernel);
        spoiled.Area.MakeReadOnly();
        for (int i = 0; i < 10; i++)
        {
            Results.Equal(-EFAULT, spoiled.Register(ring));
        }

        using var valid = new QueueSetup(kernel);
        Results.Equal(0, valid.Register(ring));
        Assert.Equal(0u, valid.Registration->zcrx_id);
    }

    [SkippableTheory, Kernels]
    public void The_same_memory_can_be_registered_again_at_once_after_the_ring(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        var asMade = *setup.Registration;
        for (int i = 0; i < 20; i++)
        {
            using var ring = new TestRing(kernel.Kernel);
            *setup.Registration = asMade;
            setup.AreaRegistration->rq_area_token = 0;
            Results.Equal(0, setup.Register(ring));
        }
    }
}
