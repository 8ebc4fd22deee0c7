using System.Diagnostics;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;
using SpinningQueue = Zcrx.Rx.Tests.Support.TestQueue;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests queues whose ring threads spin before they sleep.</summary>
public class SpinTests : IClassFixture<LeakCheck>
{
    private const int Length = 1000;

    [SkippableTheory, Kernels]
    public async Task Spinning_queue_receives_moves_suspends_and_stops_and_counts_its_spins(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using ZcrxSuspendedConnections suspended = new();
        long start = Stopwatch.GetTimestamp();
        await using SpinningQueue first = await OpenAsync(kernel);
        SpinningQueue second = await OpenAsync(kernel, suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await ExchangeUntilSpunAsync(first, peer, recorder);

            Assert.True(await connection.MoveToAsync(second.Queue).Within("the connection moves"));
            await ExchangeUntilSpunAsync(second, peer, recorder);

            await second.Queue.SuspendAsync().Within("the queue suspends its connection");
            await second.CloseAsync();
            await using SpinningQueue third = await OpenAsync(kernel);
            Assert.Equal(1, await suspended.ContinueOnAsync(third.Queue).Within("the connection is resumed"));
            await ExchangeUntilSpunAsync(third, peer, recorder);

            QueueStatistics statistics = third.Queue.Snapshot();
            Assert.InRange(statistics.BusyTime + statistics.SpinTime, TimeSpan.Zero, Stopwatch.GetElapsedTime(start));
            await peer.SendAllAsync(Length);
            await recorder.AssertCompletedAsync(peer.Sent);
        }
    }

    [SkippableTheory, Kernels]
    public async Task Queue_spins_after_single_messages_and_not_after_bulk_data(string name)
    {
        const int bulk = 5;
        Skip.IfNot(name.StartsWith(KernelUnderTest.EmulatedPrefix, StringComparison.Ordinal), "a real kernel may divide the bytes of one send among several turns");
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        await using SpinningQueue queue = await OpenAsync(kernel);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await ExchangeUntilSpunAsync(queue, peer, recorder);
            // The spin that follows the last message has ended when the next turn has ended.
            await SendBulkAsync();
            TimeSpan before = queue.Queue.Snapshot().SpinTime;

            for (int i = 0; i < 20; i++)
            {
                await SendBulkAsync();
            }

            Assert.Equal(before, queue.Queue.Snapshot().SpinTime);
            await ExchangeUntilSpunAsync(queue, peer, recorder, before);

            async Task SendBulkAsync()
            {
                await peer.SendAsync(bulk * Environment.SystemPageSize, bulk * Environment.SystemPageSize);
                await recorder.ReachAsync(peer.Sent);
            }
        }
    }

    [SkippableTheory, Kernels]
    public async Task Spinning_is_off_at_zero_and_follows_its_option_while_the_queue_is_open(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        await using SpinningQueue queue = await OpenAsync(kernel);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await ExchangeUntilSpunAsync(queue, peer, recorder);

            await queue.Queue.ReconfigureAsync(queue.Queue.Loop.Options with { SpinBeforeSleep = TimeSpan.Zero }).Within("spinning is off");
            TimeSpan before = queue.Queue.Snapshot().SpinTime;
            for (int i = 0; i < 20; i++)
            {
                await ExchangeAsync(peer, recorder);
            }

            Assert.Equal(before, queue.Queue.Snapshot().SpinTime);
            await queue.Queue.ReconfigureAsync(queue.Queue.Loop.Options with { SpinBeforeSleep = TimeSpan.FromMilliseconds(1) }).Within("spinning is on");
            await ExchangeUntilSpunAsync(queue, peer, recorder, before);
        }
    }

    /// <summary>Opens a queue that spins on every machine.</summary>
    private static Task<SpinningQueue> OpenAsync(KernelUnderTest kernel, ZcrxSuspendedConnections? suspended = null) => SpinningQueue.OpenAsync(
        configure: static options => options with { SpinBeforeSleep = TimeSpan.FromMilliseconds(1), SpinSlots = new SpinSlots(1) },
        kernel: kernel.Kernel,
        suspended: suspended);

    private static async Task ExchangeUntilSpunAsync(SpinningQueue queue, Peer peer, Recorder recorder, TimeSpan before = default) => await Deadline.UntilAsync(
        async () =>
        {
            await ExchangeAsync(peer, recorder);
            return queue.Queue.Snapshot().SpinTime > before;
        },
        static () => "the ring thread spins");

    private static async Task ExchangeAsync(Peer peer, Recorder recorder)
    {
        await peer.SendAsync(Length);
        await recorder.ReachAsync(peer.Sent);
    }
}
