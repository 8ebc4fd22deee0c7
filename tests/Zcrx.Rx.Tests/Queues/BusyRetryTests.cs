using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

[Collection(SocketsCollection.Name)]
public class BusyRetryTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public void Pauses_double_up_to_a_maximum_and_end_at_the_limit()
    {
        BusyRetry wait = new(TimeSpan.FromSeconds(1));
        TimeSpan elapsed = TimeSpan.Zero;
        List<double> pauses = [];
        while (wait.Next(elapsed) is { } pause)
        {
            Assert.True(pause > TimeSpan.Zero);
            pauses.Add(pause.TotalMilliseconds);
            elapsed += pause;
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 250, 250, 185], pauses);
    }

    [Fact]
    public void Retry_without_a_limit_does_not_wait() => Assert.Null(default(BusyRetry).Next(TimeSpan.Zero));

    [Fact]
    public async Task A_queue_becomes_free_and_is_opened()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1 });
        TestQueue owner = await OpenAsync(nic, TimeSpan.Zero);
        Task<TestQueue> waiting = OpenAsync(nic, TimeSpan.FromMinutes(1));
        await owner.CloseAsync();
        await using TestQueue queue = await waiting.Within("the queue opens after its owner has closed it");
        Assert.True(nic.IsBound(0));
    }

    [Fact]
    public async Task Open_of_a_busy_queue_names_processes_that_may_own_it()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1 });
        await using TestQueue owner = await OpenAsync(nic, TimeSpan.Zero);
        ZcrxQueueBusyException error = await Assert.ThrowsAsync<ZcrxQueueBusyException>(() => OpenAsync(nic, TimeSpan.FromMilliseconds(30)));
        Assert.Equal(Errno.EEXIST, error.ErrorNumber);
        Assert.Matches("other process", error.Cause);
    }

    [Fact]
    public async Task Open_of_a_busy_queue_ends_when_it_is_cancelled()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1 });
        await using TestQueue owner = await OpenAsync(nic, TimeSpan.Zero);
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ZcrxQueue.OpenAsync(Options(nic, TimeSpan.FromHours(1)), patience.Token));
    }

    private static ZcrxQueueOptions Options(EmulatedNic nic, TimeSpan busyTimeout) =>
        TestQueue.Options() with { Interface = nic.Name, BusyTimeout = busyTimeout, Emulation = new EmulatedKernelOptions { Nics = [nic] } };

    private static Task<TestQueue> OpenAsync(EmulatedNic nic, TimeSpan busyTimeout) => TestQueue.OpenAsync(configure: _ => Options(nic, busyTimeout));
}
