using FsCheck;
using FsCheck.Fluent;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Conformance.Exports;

/// <summary>
/// Tests that a queue outlives its ring: another ring thread continues with the same memory, and every buffer returns to the pool.
/// </summary>
public class TakeoverTests : IClassFixture<LeakCheck>
{
    private const int Programs = 50;

    /// <summary>The size of a transfer: several times the pool, so that all bytes arrive only if buffers return.</summary>
    private const int Much = 500_000;

    [SkippableTheory, Kernels]
    public async Task Connections_move_and_buffers_of_the_old_loop_return_to_the_new_loop(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name);
        TakeoverBench.Connection connection = await bench.ConnectAsync();
        await connection.SendAsync(Much);
        await connection.ReachAsync();
        connection.Holds = true;
        for (int i = 1; i <= 10; i++)
        {
            await connection.SendAsync(10);
            await connection.ReachAsync();
        }

        Assert.Equal(10, bench.Queue.Snapshot().BuffersOut);
        await using (ZcrxQueue before = await bench.SwitchAsync())
        {
            Assert.True(await connection.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves"));
            connection.Holds = false;
            await connection.SendAsync(Much);
            await connection.ReachAsync();
            connection.LetGo(5);
        }

        // The old ring thread has ended. The buffers that its consumers still lease must return through the new ring thread.
        connection.LetGo();
        await connection.SendAsync(Much);
        await connection.ReachAsync();
        await connection.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Both_loops_receive_side_by_side_from_one_pool(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name);
        TakeoverBench.Connection staying = await bench.ConnectAsync();
        await staying.SendAsync(1000);
        await using (ZcrxQueue before = await bench.SwitchAsync())
        {
            TakeoverBench.Connection coming = await bench.ConnectAsync();
            await Task.WhenAll(staying.SendAsync(4 * Much), coming.SendAsync(4 * Much));
            await Task.WhenAll(staying.ReachAsync(), coming.ReachAsync());
            Assert.Equal(("loop 1", "loop 2"), (staying.Zcrx.QueueName, coming.Zcrx.QueueName));

            // The new ring thread owns the pool. A lease that is taken on the old ring thread is therefore a copy.
            staying.Holds = true;
            await staying.SendAsync(Much);
            await staying.ReachAsync();
            Assert.Equal(0, before.Snapshot().BuffersOut);
            await Task.WhenAll(staying.EndAsync(), coming.EndAsync());
            staying.LetGo();
        }

        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Queue_whose_ring_thread_failed_continues_at_the_same_stream_offset(string name)
    {
        using ZcrxSuspendedConnections suspended = new();
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, suspended);
        TakeoverBench.Connection connection = await bench.ConnectAsync();
        using ExportedQueue exported = await bench.Queue.ExportAsync().Within("the queue is exported");
        for (int i = 0; i < 3; i++)
        {
            connection.Holds = true;
            await connection.SendAsync(20_000);
            await connection.ReachAsync();
            Task sending = connection.SendAsync(Much);
            bench.Queue.Crash(new InvalidOperationException("on purpose"));
            await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Queue.Completion.Within("the loop ends"));
            connection.Holds = false;
            connection.LetGo();
            await bench.SwitchAsync(exported, suspended);
            Assert.Equal(1, await suspended.ContinueOnAsync(bench.Queue).Within("the connection continues"));
            await sending;
            await connection.ReachAsync();
        }

        await connection.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Importing_loop_gets_no_notifications_and_its_counters_begin_at_zero(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name);
        TakeoverBench.Connection connection = await bench.ConnectAsync();
        await connection.SendAsync(Much);
        await connection.ReachAsync();
        bool counts = bench.Queue.Capabilities.Statistics;
        Assert.Equal(counts, bench.Queue.Snapshot().CopiedBytes > 0);
        ZcrxQueue before = await bench.SwitchAsync();
        int notified = 0;
        using IDisposable notifications = bench.Queue.Notifications.Subscribe(_ => notified++);
        Assert.Equal((ArmState.Disarmed, ArmState.Disarmed), (bench.Queue.Snapshot().NoBuffersArmState, bench.Queue.Snapshot().CopyArmState));
        Assert.Equal(0, bench.Queue.Snapshot().CopiedBytes);
        Assert.True(await connection.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves"));
        await before.DisposeAsync();
        await connection.SendAsync(Much);
        await connection.ReachAsync();
        QueueStatistics now = bench.Queue.Snapshot();
        Assert.Equal(Much, now.BytesReceived);
        Assert.InRange(now.CopiedBytes, counts ? Much - (Much / 100) : 0, counts ? Much : 0);
        Assert.Equal((0, 0), (notified, now.CopyNotifications));
        await connection.EndAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Failed_import_changes_nothing(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name);
        ExportedQueue exported = await bench.Queue.ExportAsync().Within("the queue is exported");
        exported.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ZcrxQueue.ImportAsync(exported, new ZcrxQueueOptions()));
        TakeoverBench.Connection connection = await bench.ConnectAsync();
        await connection.SendAsync(Much);
        await connection.EndAsync();
        await bench.AssertPoolIsWholeAsync();
        await bench.Queue.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bench.Queue.ExportAsync());
    }

    [SkippableTheory, Kernels]
    public void Any_order_of_switches_moves_leases_and_ends_loses_no_byte(string name)
    {
        KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
        Prop.ForAll(Gen.Choose(0, 11).ListOf(24).ToArbitrary(), program => RunAsync(name, [.. program]))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Programs));
    }

    private static async Task RunAsync(string name, int[] program)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name);
        TakeoverBench.Connection[] connections = [await bench.ConnectAsync(), await bench.ConnectAsync(), await bench.ConnectAsync()];
        List<ZcrxQueue> former = [];
        foreach (int step in program)
        {
            TakeoverBench.Connection connection = connections[step % connections.Length];
            switch (step)
            {
                case < 3:
                    connection.Send(30_000 * (step + 1));
                    break;
                case < 6:
                    connection.Holds = !connection.Holds;
                    connection.Send(2000);
                    break;
                case < 8:
                    connection.LetGo(3);
                    break;
                case < 10:
                    await connection.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves");
                    break;
                default:
                    former.Add(await bench.SwitchAsync());
                    break;
            }
        }

        // Moves the connections of the former ring threads. Their leases must stay valid.
        foreach (TakeoverBench.Connection connection in connections)
        {
            connection.Holds = false;
            Assert.True(await connection.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves"));
        }

        foreach (ZcrxQueue queue in former)
        {
            await queue.DisposeAsync();
        }

        foreach (TakeoverBench.Connection connection in connections)
        {
            connection.LetGo();
            connection.Send(100_000);
            await connection.EndAsync();
        }

        await bench.AssertPoolIsWholeAsync();
    }
}
