using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>Represents the queue that a connection belongs to, as the connection sees it. Any thread.</summary>
internal interface IConnectionHost
{
    /// <summary>Gets the name of the queue.</summary>
    string Name { get; }

    /// <summary>Gets a task that ends when the queue has ended.</summary>
    Task Ended { get; }

    /// <summary>Gets what happens to a connection whose last consumer fails.</summary>
    ConsumerFailureAction WhenConsumerFails { get; }

    /// <summary>Gets the bound for copies of unfinished frames.</summary>
    IByteBudget CopyBudget { get; }

    /// <summary>Makes the ring thread reconcile the receive of a connection that has changed.</summary>
    void Synchronize(ConnectionReceiver connection);

    /// <summary>Requests a report of room in the socket for a sender.</summary>
    void AwaitRoom(ConnectionReceiver connection);

    /// <summary>
    /// Runs a consumer's work on the ring thread after the deliveries of the present turn, or on the thread pool when there is no ring
    /// thread.
    /// </summary>
    void Schedule(Action work);

    /// <summary>Records that a connection is closed. Work on it may last longer, and a queue that stops waits for it.</summary>
    /// <param name="work">The work, which <see cref="ConnectionWork.Abandon"/> ends with the queue.</param>
    void BeginLateWork(ConnectionWork work);

    /// <summary>Records that the work on a closed connection has ended.</summary>
    void EndLateWork(ConnectionWork work);

    /// <summary>Reports an exception of an observer that has no handler for it.</summary>
    void ReportFault(ConnectionReceiver connection, Exception exception);
}
