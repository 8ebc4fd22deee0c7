using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Represents the queue that a connection belongs to, as the connection sees it. Thread-safe.</summary>
internal interface IConnectionHost
{
    /// <summary>Gets the name of the queue.</summary>
    string Name { get; }

    /// <summary>Gets a task that ends when the queue has ended.</summary>
    Task Ended { get; }

    /// <summary>Gets the batch that collects the sends of the ring thread; null when there is none.</summary>
    SendBatch? Batch { get; }

    /// <summary>Gets what happens to a connection whose last consumer fails.</summary>
    ConsumerFailureAction WhenConsumerFails { get; }

    /// <summary>Gets the bound for copies of unfinished frames.</summary>
    IByteBudget CopyBudget { get; }

    /// <summary>Makes the ring thread update the receive request of a connection that has changed.</summary>
    void Synchronize(ConnectionReceiver connection);

    /// <summary>Requests a notification when the send buffer of the socket has room, for a sender that waits.</summary>
    void AwaitRoom(ConnectionReceiver connection);

    /// <summary>
    /// Runs a consumer's work on the ring thread after the deliveries of the current turn, or on the thread pool when there is no ring
    /// thread.
    /// </summary>
    void Schedule(Action work);

    /// <summary>
    /// Records that the socket of a connection is closed. Work on the connection may last longer. When the
    /// queue stops, it waits for this work.
    /// </summary>
    /// <param name="work">The work. When the queue ends, <see cref="ConnectionWork.Abandon"/> ends it.</param>
    void BeginLateWork(ConnectionWork work);

    /// <summary>Records that the work on a closed connection has ended.</summary>
    void EndLateWork(ConnectionWork work);

    /// <summary>Reports an exception that an observer or a handler has thrown.</summary>
    void ReportFault(ConnectionReceiver connection, Exception exception);
}
