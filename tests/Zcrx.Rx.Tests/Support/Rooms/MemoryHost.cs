using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Options;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Represents the queue of a connection. It only records which connections have changed.</summary>
internal sealed class MemoryHost : IConnectionHost
{
    public string Name => "memory";

    public Task Ended { get; } = new TaskCompletionSource().Task;

    public SendBatch? Batch => null;

    public ConsumerFailureAction WhenConsumerFails { get; set; }

    public FrameBudget Frames { get; } = new(new CurrentOptions(TestQueue.Options()));

    public IByteBudget CopyBudget => Frames;

    public Queue<ConnectionReceiver> Changed { get; } = new();

    public List<Exception> Faults { get; } = [];

    public void Synchronize(ConnectionReceiver connection) => Changed.Enqueue(connection);

    public void Schedule(Action work) => work();

    public void AwaitRoom(ConnectionReceiver connection)
    {
    }

    /// <summary>Gets the number of closed connections whose consumers have not finished.</summary>
    public int LateWork { get; private set; }

    public void BeginLateWork(ConnectionWork work) => LateWork++;

    public void EndLateWork(ConnectionWork work) => LateWork--;

    public void ReportFault(ConnectionReceiver connection, Exception exception) => Faults.Add(exception);
}
