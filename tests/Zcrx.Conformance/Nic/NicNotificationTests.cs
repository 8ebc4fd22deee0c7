using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Tests the two notifications of a device: its page pool found no buffer, and a packet was copied because it arrived on another RX queue.
/// </summary>
public class NicNotificationTests : IClassFixture<LeakCheck>
{
    private const uint NoBuffersOnly = 1u << (int)ZCRX_EVENT_ALLOC_FAIL;

    [SkippableTheory]
    [Kernels]
    public void Empty_pool_is_reported_once_until_armed_and_no_byte_is_lost(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Notifications), buffers: 128, entries: 128, notifications: NoBuffersOnly);
        TcpPair connection = nic.Connect();
        nic.Queue.Receive(connection, 1);
        List<Cqe> held = [];
        HoldUntilReported(nic, connection, held);
        // The device has taken some buffers for its next packets, so the test cannot hold the whole pool.
        Assert.InRange(held.Count(cqe => cqe.IsData), 1, 128);
        Results.Equal(0, nic.Queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
        HoldUntilReported(nic, connection, held);

        long position = nic.Queue.AssertPattern(held);
        nic.Queue.Return(held);
        nic.Queue.FlushAll();
        position = nic.ReceiveUpTo(connection, 1, position, connection.Sent);
        Assert.Equal(connection.Sent, position);
        Assert.Equal(0ul, nic.Queue.CopyCount);
        // A notification fires once and must then be armed again. Without that, it must not fire a second time.
        Assert.DoesNotContain(nic.Queue.Ring.Settle(), IsNotification);
        Results.Equal(0, nic.Queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
    }

    [SkippableTheory]
    [Kernels]
    public void Flow_that_arrives_on_another_queue_is_copied_and_reported(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Notifications, ZcrxFeature.Statistics));
        TcpPair connection = nic.Connect();
        nic.Queue.Receive(connection, 1);
        connection.Send(50_000);
        long position = nic.ReceiveUpTo(connection, 1, 0, connection.Sent);
        Assert.Equal(0ul, nic.Queue.CopyCount);

        nic.Port.SteerAway();
        connection.Send(50_000);
        nic.Queue.Ring.RunUntil(all => all.Any(IsNotification), "a copy is reported");
        Assert.Equal((int)ZCRX_EVENT_COPY, Assert.Single(nic.Queue.Ring.Completions, IsNotification).Result);
        position = nic.ReceiveUpTo(connection, 1, position, connection.Sent);
        Assert.InRange(nic.Queue.CopyCount, 1ul, ulong.MaxValue);
        Assert.InRange(nic.Queue.CopyBytes, 1ul, 50_000ul);

        nic.Port.SteerBack();
        ulong copies = nic.Queue.CopyCount;
        connection.Send(50_000);
        nic.ReceiveUpTo(connection, 1, position, connection.Sent);
        Assert.Equal(copies, nic.Queue.CopyCount);
    }

    [SkippableTheory]
    [Kernels]
    public void Copy_notification_follows_an_end_by_budget_during_the_submission(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Notifications));
        TcpPair connection = nic.Connect();
        nic.Port.SteerAway();
        connection.Send(600);
        connection.AwaitArrival(600);
        nic.Port.SteerBack();
        connection.Send(2000);
        connection.AwaitArrival(2600);

        // The budget covers the first piece, which is copied, and a part of the second piece.
        nic.Queue.Receive(connection, 1, budget: 2000);
        nic.Queue.Ring.RunUntil(all => all.Any(IsNotification), "the copy is reported");
        IReadOnlyList<Cqe> completions = nic.Queue.Ring.TakeAll();
        Assert.True(IsNotification(completions[^1]), "data, end, notification");
        Assert.Equal((1ul, 0, false), (completions[^2].UserData, completions[^2].Result, completions[^2].HasMore));
        Assert.Equal(2000, nic.Queue.AssertPattern(completions));
    }

    [SkippableTheory]
    [Kernels]
    public void Copies_on_an_idle_queue_run_out_of_buffers_until_the_refill_queue_is_flushed(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Notifications), notifications: 0);
        Skip.If(nic.Nic.Kernel.StrandsReceives, "a request that runs out does not end here");
        TcpPair connection = nic.Connect();
        nic.Port.SteerAway();
        nic.Queue.Receive(connection, 1);
        long position = 0;
        Deadline.Watch watch = Deadline.Start("the pool runs out");
        Cqe end = default;
        while (end == default)
        {
            // The test returns every buffer at once. The device does not consume the refill entries, because it needs no buffers.
            connection.SendSome(32 * 1024);
            nic.Queue.Ring.RunTurn();
            IReadOnlyList<Cqe> completions = nic.Queue.Ring.TakeAll();
            position = nic.Queue.AssertPattern(completions, position);
            nic.Queue.Return(completions, flushes: false);
            end = completions.FirstOrDefault(cqe => !cqe.HasMore);
            watch.Check(() => $"{position} bytes came");
        }

        Results.Equal(-ENOMEM, end.Result);
        nic.Queue.FlushAll();
        nic.Queue.Receive(connection, 1);
        Assert.Equal(connection.Sent, nic.ReceiveUpTo(connection, 1, position, connection.Sent));
    }

    private static bool IsNotification(Cqe cqe) => cqe.UserData == QueueSetup.NotificationUserData;

    /// <summary>
    /// Sends without returning buffers until the device reports that it has found no buffer. Asserts that it reports this once.
    /// </summary>
    private static void HoldUntilReported(NicQueue nic, TcpPair connection, List<Cqe> held)
    {
        Deadline.Watch watch = Deadline.Start("an empty pool is reported");
        List<Cqe> reports = [];
        while (reports.Count == 0)
        {
            connection.SendSome(16 * 1024);
            nic.Queue.Ring.RunTurn();
            foreach (Cqe cqe in nic.Queue.Ring.TakeAll())
            {
                (IsNotification(cqe) ? reports : held).Add(cqe);
            }

            watch.Check(() => $"{held.Count} buffers are held, {connection.Sent} bytes sent");
        }

        Assert.Equal((int)ZCRX_EVENT_ALLOC_FAIL, Assert.Single(reports).Result);
        Assert.All(held, cqe => Assert.True(cqe.IsData, $"the request continues; {cqe}"));
    }
}
