using System.Collections.Concurrent;
using System.Diagnostics;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Backpressure;

/// <summary>Tests consumers that are slower than their senders, on a whole queue with 64 buffers.</summary>
/// <remarks>
/// An exhausted pool slows the senders down, and no bytes are lost. The same must hold without notifications, and on kernels that strand a
/// request when no buffer is free.
/// </remarks>
public class BackpressureTests : IClassFixture<LeakCheck>
{
    private const int Volume = 16 << 20;
    private const int Buffers = 64;

    private static readonly TimeSpan NotificationInterval = TimeSpan.FromMilliseconds(100);

    public static IEnumerable<string> Connections { get; } = ["1 connection", "4 connections", "4 connections, every notification lost"];

    [SkippableTheory, KernelsTimes(nameof(Connections))]
    public async Task An_exhausted_pool_slows_the_senders_down_and_loses_nothing(string name, string connections)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        bool isSilent = connections.EndsWith("lost", StringComparison.Ordinal);
        Skip.If(isSilent && !kernel.Capabilities.Notifications, $"{kernel.Capabilities.Kernel} has no notifications to lose");
        ConcurrentQueue<PoolPressureLevel> levels = new();
        await using ZcrxQueue queue = await OpenAsync(kernel, isSilent);
        using AutoResetEvent changed = new(initialState: false);
        using IDisposable pressure = queue.Pressure.Subscribe(change =>
        {
            levels.Enqueue(change.Level);
            changed.Set();
        });
        int count = connections[0] - '0';
        List<SlowStream> streams = [.. Enumerable.Range(0, count).Select(_ => SlowStream.Connect(queue, Volume / count))];
        long start = Stopwatch.GetTimestamp();
        try
        {
            Run(queue, streams, changed);
        }
        finally
        {
            streams.ForEach(static stream => stream.Dispose());
        }

        Deadline.Until(() => queue.Snapshot() is { BuffersOut: 0, Pressure: PoolPressureLevel.Normal }, $"the pool recovers: {queue.Snapshot()}");
        AssertBackpressure(queue.Snapshot(), levels, streams);
        if (kernel.Capabilities.Notifications)
        {
            long most = (long)(Stopwatch.GetElapsedTime(start) / NotificationInterval) + 1;
            Assert.InRange(queue.Snapshot().CopyNotifications, isSilent ? 0 : 1, isSilent ? 0 : most);
            Assert.Equal(0, queue.Snapshot().NoBuffersNotifications);
        }

        if (kernel.Capabilities.Statistics)
        {
            // The kernel does not count the copies of bytes in the linear part of a packet. Loopback has few such bytes, so the test
            // tolerates one in a thousand.
            Assert.InRange(queue.Snapshot().CopiedBytes, Volume - (Volume / 1000), Volume);
        }
    }

    private static void AssertBackpressure(QueueStatistics statistics, IReadOnlyCollection<PoolPressureLevel> levels, List<SlowStream> streams)
    {
        Assert.Equal(Volume, statistics.BytesReceived);
        // The streams carry 64 times as many bytes as the pool holds, so the pool is exhausted repeatedly.
        Assert.InRange(levels.Count(static level => level == PoolPressureLevel.Exhausted), Volume / Buffers / Environment.SystemPageSize / 4, int.MaxValue);
        Assert.Equal(PoolPressureLevel.Normal, levels.Last());
        Assert.Equal(0, statistics.PausedConnections);
        Assert.InRange(statistics.Pauses, 1, long.MaxValue);
        Assert.InRange(statistics.TimeUnderPressure, TimeSpan.FromTicks(1), TimeSpan.MaxValue);
        Assert.All(streams, static stream => Assert.InRange(stream.Refusals, 2, int.MaxValue));
        // The sender's socket is full, because the receive window of the peer is closed.
        Assert.All(streams, static stream => Assert.InRange(stream.MostUnsent, 1024, int.MaxValue));
    }

    /// <summary>
    /// Sends until no socket accepts another byte, and only then lets the consumers release buffers. The consumers are therefore always
    /// slower.
    /// </summary>
    private static void Run(ZcrxQueue queue, List<SlowStream> streams, AutoResetEvent changed)
    {
        long moved = 0;
        long lastMove = Stopwatch.GetTimestamp();
        while (!streams.TrueForAll(static stream => stream.IsOver))
        {
            bool sent = false;
            foreach (SlowStream stream in streams)
            {
                sent |= stream.Send();
                stream.AssertSound();
            }

            bool isExhausted = queue.Snapshot().Pressure == PoolPressureLevel.Exhausted;
            if (!sent && (isExhausted || streams.TrueForAll(static stream => stream.HasSentAll)))
            {
                streams.ForEach(static stream => stream.LetGo());
            }

            if (streams.Sum(static stream => stream.Moved) is var now && now != moved)
            {
                (moved, lastMove) = (now, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(lastMove) > Deadline.Limit)
            {
                Assert.Fail($"no stream makes progress: {string.Join("; ", streams.Select(static stream => stream.State))}; {queue.Snapshot()}");
            }

            // The event reports a new pressure level. It does not report a writable socket, so the wait is at most 1 ms.
            changed.WaitOne(1);
        }
    }

    private static Task<ZcrxQueue> OpenAsync(KernelUnderTest kernel, bool isSilent)
    {
        ZcrxQueueOptions options = new()
        {
            AreaSize = (long)Buffers * Environment.SystemPageSize,
            // With a smaller quota, connections would be paused before the pool is exhausted.
            ConnectionQuota = Buffers,
            NotificationInterval = NotificationInterval,
        };
        return ZcrxQueue.OpenAsync(options, new EngineChoice(kernel.Engine, "a test"), isSilent ? new SilentKernel(kernel.Kernel) : kernel.Kernel, default);
    }
}
