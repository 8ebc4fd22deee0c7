using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests an observer without OnError, which throws the error of its stream. The error must not be reported as a fault of that observer.
/// </summary>
[Collection(SocketsCollection.Name)]
public class UnobservedErrorTests : IClassFixture<ResourceCheck>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_without_an_error_handler_is_an_unobserved_error_and_no_fault(bool hasOperator)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        Task<UnobservedError> unobserved = queue.Queue.UnobservedErrors.FirstAsync().ToTask();
        List<ConsumerFault> faults = [];
        using IDisposable watch = queue.Queue.ConsumerFaults.Subscribe(faults.Add);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        IObservable<int> lengths = hasOperator ? connection.Buffers.Select(static buffer => buffer.Length) : connection.Buffers.Retained().Select(static lease =>
        {
            using (lease)
            {
                return lease.Length;
            }
        });
        using IDisposable subscription = lengths.Subscribe(static _ => { });

        peer.Reset();

        UnobservedError error = await unobserved.Within("the error is reported");
        Assert.Same(connection, error.Connection);
        Assert.Equal("ECONNRESET", Assert.IsType<ZcrxStreamException>(error.Error).ErrorName);
        await connection.Closed.Within("the connection is closed");
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Observer_that_throws_is_a_fault_and_no_unobserved_error()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        Task<ConsumerFault> fault = queue.Queue.ConsumerFaults.FirstAsync().ToTask();
        List<UnobservedError> unobserved = [];
        using IDisposable watch = queue.Queue.UnobservedErrors.Subscribe(unobserved.Add);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => throw new InvalidOperationException("a consumer's mistake"));
            await peer.SendAsync(1);

            Assert.IsType<InvalidOperationException>((await fault.Within("the fault is reported")).Exception);
            await connection.Closed.Within("the connection is closed");
            Assert.Empty(unobserved);
        }
    }
}
