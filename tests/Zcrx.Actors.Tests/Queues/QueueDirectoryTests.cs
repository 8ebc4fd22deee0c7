using Zcrx.Actors.Queues;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Queues;

/// <summary>Tests that the merged streams of all queues hold no lock while an observer runs.</summary>
public class QueueDirectoryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Opening_a_queue_while_an_observer_of_the_pressure_is_busy_does_not_wait_for_it()
    {
        await using ZcrxQueue first = await OpenAsync("first");
        await using ZcrxQueue second = await OpenAsync("second");
        using QueueDirectory directory = new();
        directory.Add(first);
        using ManualResetEventSlim isInside = new();
        using ManualResetEventSlim mayLeave = new();
        List<string> seen = [];
        Task<IDisposable> subscribing = Task.Run(() => directory.Pressure.Subscribe(pressure =>
        {
            seen.Add(pressure.Queue);
            isInside.Set();
            mayLeave.Wait(Limit);
        }));
        Assert.True(isInside.Wait(Limit));

        await Task.Run(() => directory.Add(second)).WithinLimit();

        Assert.Equal(["first"], seen);
        mayLeave.Set();
        using IDisposable subscription = await subscribing.WithinLimit();
        Assert.Equal(["first", "second"], seen);
    }

    [Fact]
    public void An_observer_that_subscribes_after_the_end_is_completed_without_a_lock()
    {
        using QueueDirectory directory = new();
        directory.Complete();
        bool hasCompleted = false;

        using IDisposable subscription = directory.Pressure.Subscribe(
            static _ => { },
            () => hasCompleted = Task.Run(() => directory.Remove(null!)).Wait(Limit));

        Assert.True(hasCompleted);
    }

    [Fact]
    public async Task Values_of_several_threads_arrive_one_at_a_time_and_each_once()
    {
        const int Publishers = 4;
        const int Values = 2000;
        Counter counter = new();
        SerialObserver<int> serial = new(counter);

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Values; i++)
            {
                serial.OnNext(i);
            }
        }))).WithinLimit();

        Assert.Equal((Publishers * Values, 0), (counter.Seen, counter.Overlaps));
    }

    private static Task<ZcrxQueue> OpenAsync(string name) => ZcrxQueue.OpenAsync(new ZcrxQueueOptions
    {
        Name = name,
        Engine = ZcrxEngine.Emulated,
        AreaSize = 64L * Environment.SystemPageSize,
        Emulation = new EmulatedKernelOptions(),
    }).WithinLimit();

    private sealed class Counter : IObserver<int>
    {
        private int _inside;

        public int Seen { get; private set; }

        public int Overlaps { get; private set; }

        public void OnNext(int value)
        {
            Overlaps += Interlocked.Increment(ref _inside) > 1 ? 1 : 0;
            Seen++;
            Interlocked.Decrement(ref _inside);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error) => throw error;
    }
}
