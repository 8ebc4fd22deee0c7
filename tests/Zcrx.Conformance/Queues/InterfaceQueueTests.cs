using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests the parameters that the library's queue passes to the kernel, and the errors that it reports.</summary>
public unsafe class InterfaceQueueTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Register_uses_the_given_options(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 100, refillEntries: 33);
        Assert.Equal(100, bench.Queue.Buffers);
        Assert.Equal((int)TestMemory.Page, bench.Queue.BufferLength);
        Assert.Equal(64u, bench.Queue.Refill.Capacity);
        Assert.Equal(bench.Kernel.Capabilities.Statistics, bench.Queue.HasStatistics);
        Assert.Equal(default, bench.Queue.ReadStatistics());
    }

    [SkippableTheory, Kernels]
    public void Refill_entries_default_to_one_per_buffer(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 100);
        Assert.Equal(128u, bench.Queue.Refill.Capacity);
    }

    [SkippableTheory, Kernels]
    public void ReadStatistics_returns_the_copies_that_the_kernel_counted(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Statistics));
        bench.Receive(1);
        bench.Connection.Send(20_000);
        bench.Ring.TakeBytes(1, 20_000);
        CopyStatistics statistics = bench.Queue.ReadStatistics();
        Assert.InRange(statistics.Bytes, 1ul, 20_000ul);
        Assert.InRange(statistics.Fragments, 1ul, statistics.Bytes);
    }

    [SkippableTheory, Kernels]
    public void Arm_of_a_fired_type_succeeds(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications));
        Results.Equal(-Errno.EINVAL, bench.Queue.Arm(ZcrxNotificationType.Copy));
        bench.Receive(1);
        bench.Connection.Send(20_000);
        bench.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == QueueSetup.NotificationUserData), "a copy is reported");
        Results.Equal(0, bench.Queue.Arm(ZcrxNotificationType.Copy));
        Results.Equal(-Errno.EINVAL, bench.Queue.Arm(ZcrxNotificationType.NoBuffers));
    }

    [SkippableTheory, Kernels]
    public void Only_offsets_within_the_areas_are_contained(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        ulong length = 4 * (ulong)TestMemory.Page;
        Assert.True(bench.Queue.Contains(0, 1));
        Assert.True(bench.Queue.Contains(length - 1, 1));
        Assert.False(bench.Queue.Contains(length - 1, 2));
        Assert.False(bench.Queue.Contains(length, 1));
        Assert.False(bench.Queue.Contains(0, 0));
        Assert.False(bench.Queue.Contains(0, -1));
        Assert.False(bench.Queue.Contains(1ul << 48, 1));
        Assert.False(bench.Queue.Contains(ulong.MaxValue, 1));
        Assert.False(bench.Queue.Contains((1ul << 48) - 1, int.MaxValue));
    }

    [SkippableTheory, Kernels]
    public void Queue_grows_by_an_area_that_receives_like_the_first(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), buffers: 2, refillEntries: 16);
        bench.Queue.AddArea(3 * TestMemory.Page);
        Assert.Equal(5, bench.Queue.Buffers);
        Assert.True(bench.Queue.Contains((1ul << 48) | 4096, 1));
        bench.Receive(1);
        for (int lap = 0; lap < 4; lap++)
        {
            List<BufferLease> kept = bench.Deliver(5, 1, buffer => buffer.Retain());
            kept.ForEach(lease => Pattern.AssertAt(lease.Memory.Span, lease.StreamOffset));
            kept.ForEach(lease => lease.Dispose());
            bench.TakeBack();
        }
    }

    [SkippableTheory, Kernels]
    public void TrimAreas_gives_back_an_added_area_whose_buffers_are_free_and_it_still_receives(string name)
    {
        Trim(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), isShared: false);
    }

    [SkippableTheory, Kernels]
    public void TrimAreas_gives_back_an_added_area_of_shared_memory(string name)
    {
        Trim(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), isShared: true);
    }

    [SkippableTheory, Kernels]
    public void AddArea_on_a_kernel_without_it_names_the_kernel(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name));
        if (bench.Kernel.Capabilities.CanAddArea)
        {
            bench.Queue.AddArea(TestMemory.Page);
            return;
        }

        ZcrxUnsupportedException refusal = Assert.Throws<ZcrxUnsupportedException>(() => bench.Queue.AddArea(TestMemory.Page));
        Assert.Equal(Errno.EOPNOTSUPP, refusal.ErrorNumber);
    }

    [SkippableTheory, Kernels]
    public void An_exported_queue_is_received_into_by_another_ring(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
        using var bench = new LeaseBench(kernel);
        using var importer = new TestRing(kernel.Kernel);
        using (ExportedQueue export = bench.Queue.Export())
        {
            uint id = InterfaceQueue.Import(importer.Ring, export);
            importer.Receive(id, bench.Connection.Server, 1);
        }

        bench.Connection.Send(4000);
        long position = 0;
        foreach (Cqe cqe in importer.TakeBytes(1, 4000))
        {
            Pattern.AssertAt(new ReadOnlySpan<byte>(bench.Queue.Address(cqe.Offset), cqe.Result), position);
            position += cqe.Result;
        }

        Assert.Equal(4000, position);
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Refused_registration_names_the_cause_and_leaves_nothing_behind(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var ring = new TestRing(kernel.Kernel);
        var options = new InterfaceQueueOptions { AreaSize = TestMemory.Page, RxBufferLength = 100 };
        ZcrxConfigurationException refusal = Assert.Throws<ZcrxConfigurationException>(() => InterfaceQueue.Register(ring.Ring, options, kernel.Capabilities));
        Assert.Equal(Errno.EINVAL, refusal.ErrorNumber);
        Assert.Throws<ZcrxUnsupportedException>(() => InterfaceQueue.Register(
            ring.Ring, options with { RxBufferLength = 2 * (uint)TestMemory.Page, AreaSize = 4 * TestMemory.Page }, kernel.Capabilities));
        OtherThread.Run(() => Assert.Throws<ZcrxException>(() => InterfaceQueue.Register(ring.Ring, options with { RxBufferLength = 0 }, kernel.Capabilities)));
    }

    [SkippableTheory, Kernels]
    public void A_kernel_without_the_device_less_mode_is_named(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        Skip.If(name == KernelUnderTest.Linux && HostFacts.Read().WhyNoRegistration() is not null, HostFacts.Read().WhyNoRegistration());
        using var ring = new TestRing(kernel.Kernel);
        var options = new InterfaceQueueOptions { AreaSize = TestMemory.Page };
        if (kernel.Capabilities.DeviceLess)
        {
            InterfaceQueue queue = InterfaceQueue.Register(ring.Ring, options, kernel.Capabilities);
            ring.Dispose();
            queue.Dispose();
            return;
        }

        ZcrxUnsupportedException refusal = Assert.Throws<ZcrxUnsupportedException>(() => InterfaceQueue.Register(ring.Ring, options, kernel.Capabilities));
        Assert.Contains("7.1", refusal.Message, StringComparison.Ordinal);
    }

    private static void Trim(KernelUnderTest kernel, bool isShared)
    {
        using var bench = new LeaseBench(kernel, buffers: 2, refillEntries: 16, isShared: isShared);
        Skip.IfNot(bench.Queue.CanTrimAreas, "This kernel pins areas.");
        bench.Queue.AddArea(3 * TestMemory.Page);
        bench.Receive(1);
        List<BufferLease> leases = bench.Deliver(5, 1, buffer => buffer.Retain());
        bench.Queue.TrimAreas();
        // Trimming frees only memory of unused buffers, so the leased buffers keep their bytes.
        leases.ForEach(lease => Pattern.AssertAt(lease.Memory.Span, lease.StreamOffset));
        Assert.Equal(3, ResidentMemory.PagesOf(bench.Queue.Memory.Areas[1]));

        leases.ForEach(lease => lease.Dispose());
        bench.TakeBack();
        bench.Queue.TrimAreas();

        Assert.Equal(0, ResidentMemory.PagesOf(bench.Queue.Memory.Areas[1]));
        Assert.Equal(2, ResidentMemory.PagesOf(bench.Queue.Memory.Areas[0]));
        leases = bench.Deliver(5, 1, buffer => buffer.Retain());
        leases.ForEach(lease => Pattern.AssertAt(lease.Memory.Span, lease.StreamOffset));
        leases.ForEach(lease => lease.Dispose());
    }
}
