using System.Collections.Concurrent;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Tests buffers that reach another thread. The operators of Zcrx lease them. Without a lease, each use throws a clear error.
/// </summary>
[Collection(SocketsCollection.Name)]
public class OffloadMisuseTests : IClassFixture<ResourceCheck>
{
    /// <summary>Gets the names of consumers that run on another thread and have no OnError.</summary>
    public static TheoryData<string> Offloaded => new(Offloads.Keys);

    private static readonly Dictionary<string, Func<ZcrxConnection, Action, IDisposable>> Offloads = new(StringComparer.Ordinal)
    {
        ["a new thread"] = static (connection, call) => connection.Buffers.ObserveOn(NewThreadScheduler.Default).Subscribe(_ => call()),
        ["the thread pool"] = static (connection, call) => connection.Buffers.ObserveOn(TaskPoolScheduler.Default).Subscribe(_ => call()),
        ["an operator with a bound"] = static (connection, call) => connection.Buffers.Offload(TaskPoolScheduler.Default, 4).Subscribe(_ => call()),
        ["an asynchronous handler"] = static (connection, call) => connection.Buffers.Process((_, _) =>
        {
            call();
            return ValueTask.CompletedTask;
        }).Subscribe(),
    };

    [Theory]
    [MemberData(nameof(Offloaded))]
    public async Task The_reset_of_a_peer_is_no_fault_of_a_consumer_on_another_thread(string consumer)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        for (int i = 0; i < 20; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                int calls = 0;
                using IDisposable subscription = Offloads[consumer](connection, () => Interlocked.Increment(ref calls));
                await peer.SendAsync(2);
                await Deadline.UntilAsync(() => Volatile.Read(ref calls) > 0, "the consumer is called");
                peer.Reset();
                await connection.Finished.Within("the connection is closed and the operator has finished");
            }
        }

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Offloaded))]
    public async Task A_consumer_that_fails_on_another_thread_is_reported_once_and_its_connection_ends_as_configured(string consumer)
    {
        foreach (ConsumerFailureAction action in Enum.GetValues<ConsumerFailureAction>())
        {
            await using TestQueue queue = await TestQueue.OpenAsync(configure: options => options with { WhenConsumerFails = action });
            ConcurrentQueue<ConsumerFault> faults = new();
            using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                InvalidOperationException failure = new("on purpose");
                using IDisposable subscription = Offloads[consumer](connection, () => throw failure);
                await peer.SendAsync(2);
                Assert.Equal(action == ConsumerFailureAction.Reset, await peer.IsResetAsync().Within("the peer sees the end"));
                await connection.Finished.Within("the connection is closed and the operator has finished");
                Assert.Same(failure, Assert.Single(faults).Exception);
                ZcrxStreamException late = await Assert.ThrowsAsync<ZcrxStreamException>(async () => await connection.Buffers.Select(static buffer => buffer.Length).LastOrDefaultAsync());
                Assert.Same(failure, late.InnerException);
            }
        }
    }

    [Fact]
    public async Task ObserveOn_a_new_thread_delivers_every_byte_as_leases()
    {
        const int Total = 1_000_000;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            long received = 0;
            bool isRight = true;
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers.ObserveOn(NewThreadScheduler.Default).Subscribe(
                buffer =>
                {
                    isRight &= buffer.StreamOffset == received && buffer.Span.SequenceEqual(Payload.At(peer.Stream, received, buffer.Length));
                    received += buffer.Length;
                },
                error => ended.TrySetException(error),
                () => ended.TrySetResult());

            await peer.SendAllAsync(Total);
            await ended.Task.Within("the stream ends");

            Assert.True(isRight);
            Assert.Equal(Total, received);
        }
    }

    [Fact]
    public async Task ObserveOn_a_synchronization_context_delivers_leases_there()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<Action> posted = new();
            long received = 0;
            using IDisposable subscription = connection.Buffers.ObserveOn(new QueueingContext(posted)).Subscribe(buffer => received += buffer.Length);
            await peer.SendAsync(100);

            await Deadline.UntilAsync(
                () =>
                {
                    while (posted.TryDequeue(out Action? action))
                    {
                        action();
                    }

                    return received == 100;
                },
                "the buffer is delivered");
        }
    }

    [Fact]
    public async Task Buffer_that_Rx_passes_to_another_thread_throws_and_names_the_operators_that_lease()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<Exception?> caught = new(TaskCreationOptions.RunContinuationsAsynchronously);
            // The call as a static method selects Rx's own ObserveOn instead of the overload of Zcrx.
#pragma warning disable ZCRX0001 // The test uses this operator wrongly on purpose.
            using IDisposable subscription = Observable.ObserveOn<ReceivedBuffer>(connection.Buffers, TaskPoolScheduler.Default)
#pragma warning restore ZCRX0001
                .Subscribe(buffer =>
                {
                    // Waits for a further turn of the ring thread. OnNext has returned by then.
                    _ = queue.Queue.GetConnectionsAsync().Wait(Deadline.Limit);
                    caught.TrySetResult(Record.Exception(() => buffer.Span.Length));
                });
            await peer.SendAsync(100);

            Exception? exception = await caught.Task.Within("the observer is called");
            Assert.IsAssignableFrom<InvalidOperationException>(exception);
            Assert.Contains("Offload", exception!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Offload_to_a_disposed_scheduler_ends_with_its_error_and_returns_the_buffer(bool isCompletedFirst)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            EventLoopScheduler scheduler = new();
            scheduler.Dispose();
            TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers.Offload(scheduler).Subscribe(static _ => { }, error => failed.TrySetResult(error));

            await (isCompletedFirst ? peer.SendAllAsync(0) : peer.SendAsync(100));

            Assert.IsType<ObjectDisposedException>(await failed.Task.Within("the stream ends"));
            await queue.AllReturnedAsync();
        }
    }

    [Fact]
    public async Task Offload_to_a_scheduler_that_is_disposed_between_two_buffers_ends_with_its_error()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using FailingScheduler scheduler = new();
            int received = 0;
            TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers.Offload(scheduler).Subscribe(buffer => Interlocked.Add(ref received, buffer.Length), error => failed.TrySetResult(error));
            await peer.SendAsync(100);
            await Deadline.UntilAsync(() => Volatile.Read(ref received) == 100, "the first buffer is delivered");
            scheduler.Dispose();
            await peer.SendAsync(100);

            Assert.IsType<ObjectDisposedException>(await failed.Task.Within("the stream ends"));
            Assert.Equal(100, received);
        }
    }

    [Fact]
    public async Task Observer_that_throws_in_OnError_on_an_immediate_scheduler_is_called_once()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int errors = 0;
            using IDisposable subscription = connection.Buffers.Offload(ImmediateScheduler.Instance).Subscribe(
                static _ => throw new NotSupportedException("the consumer"),
                _ =>
                {
                    Interlocked.Increment(ref errors);
                    throw new NotSupportedException("the error handler");
                });
            await peer.SendAsync(100);
            await connection.Closed.Within("the connection is reset");

            Assert.Equal(1, errors);
        }
    }

    private sealed class QueueingContext(ConcurrentQueue<Action> posted) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => posted.Enqueue(() => d(state));
    }

    /// <summary>Represents a scheduler that uses the thread pool. After its disposal, it throws instead.</summary>
    private sealed class FailingScheduler : LocalScheduler, IDisposable
    {
        private volatile bool _disposed;

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return TaskPoolScheduler.Default.Schedule(state, dueTime, action);
        }

        public void Dispose() => _disposed = true;
    }
}
