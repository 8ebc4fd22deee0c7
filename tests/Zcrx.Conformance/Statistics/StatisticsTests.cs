using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Statistics;

public class StatisticsTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Copy_counters_begin_at_zero_and_count_copied_bytes_within_a_margin(string name)
    {
        const int Total = 4 * 1024 * 1024;
        using TestQueue queue = Create(name);
        using var connection = new TcpPair();
        Assert.Equal((0ul, 0ul), (queue.CopyCount, queue.CopyBytes));
        Transfer.Run(queue, [connection], Total);
        // The kernel does not count the copies of a few bytes in the linear parts of packets.
        Assert.InRange(queue.CopyBytes, (ulong)(Total * 0.95), (ulong)Total);
        Assert.InRange(queue.CopyCount, 1ul, queue.CopyBytes);
    }

    [SkippableTheory, Kernels]
    public void Copy_counters_never_decrease(string name)
    {
        using TestQueue queue = Create(name);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        (ulong Count, ulong Bytes) before = default;
        for (int i = 0; i < 20; i++)
        {
            connection.Send(8000);
            IReadOnlyList<Cqe> completions = queue.Ring.TakeBytes(1, 8000);
            queue.Return(completions);
            queue.FlushAll();
            (ulong Count, ulong Bytes) now = (queue.CopyCount, queue.CopyBytes);
            Assert.True(now.Count >= before.Count && now.Bytes >= before.Bytes, $"{now} after {before}");
            before = now;
        }

        Assert.InRange(before.Bytes, 1ul, 20ul * 8000);
    }

    [SkippableTheory, Kernels]
    public void Copy_counters_do_not_change_while_nothing_is_copied(string name)
    {
        using TestQueue queue = Create(name);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(8000);
        queue.Ring.TakeBytes(1, 8000);
        (ulong, ulong) before = (queue.CopyCount, queue.CopyBytes);
        queue.Ring.Settle();
        Results.Equal(0, queue.Flush());
        Assert.Equal(before, (queue.CopyCount, queue.CopyBytes));
    }

    [SkippableTheory, Kernels]
    public void Copies_are_counted_without_notifications_and_after_one_has_fired(string name)
    {
        using TestQueue silent = Create(name, notifications: 0);
        using TestQueue fired = Create(name);
        foreach (TestQueue queue in new[] { silent, fired })
        {
            using var connection = new TcpPair();
            queue.Receive(connection, 1);
            connection.Send(20_000);
            queue.Ring.TakeBytes(1, 20_000);
            ulong before = queue.CopyBytes;
            connection.Send(20_000);
            queue.Ring.TakeBytes(1, 20_000);
            Assert.InRange(queue.CopyBytes, before + 1, 40_000ul);
        }
    }

    [SkippableTheory, Kernels]
    public void Each_queue_counts_for_itself(string name)
    {
        using TestQueue busy = Create(name);
        using TestQueue idle = Create(name);
        using var connection = new TcpPair();
        busy.Receive(connection, 1);
        connection.Send(20_000);
        busy.Ring.TakeBytes(1, 20_000);
        Assert.NotEqual(0ul, busy.CopyBytes);
        Assert.Equal(0ul, idle.CopyBytes);
    }

    [SkippableTheory, Kernels]
    public void Copy_counters_include_the_traffic_of_an_importer_even_without_the_registering_ring(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Statistics, ZcrxFeature.Export, ZcrxFeature.Import);
        using var queue = new TestQueue(kernel);
        using var importer = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        using (var export = new Descriptor(kernel.Kernel, queue.Export()))
        {
            Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
            queue.CloseRing();
            importer.Receive(id, connection.Server, 5);
            connection.Send(20_000);
            importer.TakeBytes(5, 20_000);
        }

        Assert.InRange(queue.CopyBytes, 1ul, 20_000ul);
        importer.Dispose();
    }

    private static TestQueue Create(string name, uint? notifications = null) =>
        new(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Statistics), buffers: 128, entries: 128, notifications: notifications);
}
