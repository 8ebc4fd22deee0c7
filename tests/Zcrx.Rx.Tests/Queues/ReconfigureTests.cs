using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

public class ReconfigureTests
{
    [Fact]
    public async Task Water_marks_and_quota_apply_to_an_open_queue()
    {
        const int Buffers = 64;
        await using TestQueue queue = await TestQueue.OpenAsync(Buffers);
        List<BufferLease> kept = [];
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (connection.Buffers.Subscribe(buffer => kept.Add(buffer.Retain()), static _ => { }))
        {
            await peer.SendAsync(20L * Environment.SystemPageSize);
            await Deadline.UntilAsync(() => connection.BytesReceived == peer.Sent, "the bytes arrive");
            Assert.Equal(PoolPressureLevel.Normal, queue.Queue.Snapshot().Pressure);
            int held = queue.BuffersOut;

            QueueReconfiguration done = await queue.Queue.ReconfigureAsync(TestQueue.Options(Buffers) with { HighWaterMark = 0.2, LowWaterMark = 0.1, ConnectionQuota = 1 }).Within("the options apply");

            // The number of leased buffers is unchanged, but it is above the new high-water mark.
            Assert.Equal(["ConnectionQuota", "HighWaterMark", "LowWaterMark"], done.Applied.Order());
            Assert.Empty(done.NeedReopening);
            Assert.Equal((PoolPressureLevel.High, held), (queue.Queue.Snapshot().Pressure, queue.BuffersOut));
            await peer.SendAsync(1);
            await Deadline.UntilAsync(() => connection.IsPausedByPressure, "the quota counts");

            await queue.Queue.ReconfigureAsync(TestQueue.Options(Buffers)).Within("the options apply");
            Assert.Equal(PoolPressureLevel.Normal, queue.Queue.Snapshot().Pressure);
            await Deadline.UntilAsync(() => !connection.IsPausedByPressure, "the connection resumes with the old marks");
            kept.ForEach(lease => lease.Dispose());
        }
    }

    [Fact]
    public async Task The_sampling_interval_changes_under_its_observers()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { StatisticsInterval = TimeSpan.FromHours(20) });
        int samples = 0;
        using IDisposable sampling = queue.Queue.Statistics.Subscribe(_ => Interlocked.Increment(ref samples));

        await queue.Queue.ReconfigureAsync(TestQueue.Options() with { StatisticsInterval = TimeSpan.FromMilliseconds(1) }).Within("the options apply");

        await Deadline.UntilAsync(() => Volatile.Read(ref samples) > 2, "samples arrive");
    }

    [Fact]
    public async Task A_notification_that_waits_for_its_turn_waits_no_longer_than_the_new_interval()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { NotificationInterval = TimeSpan.FromHours(20) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (connection.Buffers.Subscribe(static _ => { }, static _ => { }))
        {
            // A queue without a device copies all bytes.
            await peer.SendAsync(100);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().CopyArmState == ArmState.Fired, "the notification fires");

            await queue.Queue.ReconfigureAsync(TestQueue.Options() with { NotificationInterval = TimeSpan.FromMilliseconds(1) }).Within("the options apply");

            await Deadline.UntilAsync(() => queue.Queue.Snapshot().CopyArmState == ArmState.Armed, "the notification is armed again");
        }
    }

    [Fact]
    public async Task Reconfigure_names_options_that_need_reopening_and_invalid_options_change_nothing()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(64);
        ZcrxQueueOptions options = TestQueue.Options(64);

        QueueReconfiguration done = await queue.Queue.ReconfigureAsync(options with { AreaSize = options.AreaSize * 2, CompletionEntries = 128, SubmissionEntries = 64, MaxAreaSize = options.AreaSize * 2 });
        Assert.Equal(["MaxAreaSize"], done.Applied);
        Assert.Equal(["AreaSize", "CompletionEntries", "SubmissionEntries"], done.NeedReopening.Order());

        ZcrxConfigurationException refused = await Assert.ThrowsAsync<ZcrxConfigurationException>(() => queue.Queue.ReconfigureAsync(options with { HighWaterMark = 2, LowWaterMark = 3, MaxAreaSize = 1 }));
        Assert.Equal(["MaxAreaSize", "HighWaterMark", "LowWaterMark"], refused.Errors.Select(static error => error.Path));
        Assert.Equal((0.75, options.AreaSize * 2), (queue.Queue.Loop.Options.HighWaterMark, queue.Queue.Loop.Options.MaxAreaSize));
        Assert.Equal(64, queue.Queue.Snapshot().Buffers);
    }

    [Fact]
    public async Task Reconfigure_of_a_closed_queue_throws()
    {
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options());
        await queue.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.ReconfigureAsync(TestQueue.Options() with { HighWaterMark = 0.9 }).Within("the call ends"));
    }

    [Fact]
    public void Reconfigure_applies_or_names_every_option_that_differs()
    {
        ZcrxQueueOptions current = TestQueue.Options();
        ZcrxQueueOptions wanted = current with
        {
            HighWaterMark = 0.9, LowWaterMark = 0.8, ConnectionQuota = 3, MaxAreaSize = 1L << 29, NotificationInterval = TimeSpan.FromSeconds(9), StatisticsInterval = TimeSpan.FromSeconds(8), ReceiveStallTimeout = TimeSpan.FromSeconds(7),
            UnobservedTimeout = TimeSpan.FromSeconds(6), WhenConsumerFails = ConsumerFailureAction.Close, SpinBeforeSleep = TimeSpan.FromMilliseconds(1),
            RecordLeaseOrigins = true,
        };

        ZcrxQueueOptions applied = LiveOptions.Apply(current, wanted);

        Assert.Equal(wanted with { RecordLeaseOrigins = false }, applied);
        Assert.Equal((0, "RecordLeaseOrigins"), (LiveOptions.Differences(applied, wanted).Live.Count, Assert.Single(LiveOptions.Differences(applied, wanted).Fixed)));
    }
}
