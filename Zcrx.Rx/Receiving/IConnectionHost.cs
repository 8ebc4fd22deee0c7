using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Gives a connection access to the queue that it belongs to. Thread-safe.</summary>
internal interface IConnectionHost
{
    /// <summary>Gets the name of the queue.</summary>
    string Name { get; }

    /// <summary>Gets a task that completes when the queue has ended.</summary>
    Task Ended { get; }

    /// <summary>Gets the batch that collects sends on the ring thread; null when the queue does not batch sends.</summary>
    SendBatch? Batch { get; }

    /// <summary>Gets how a connection is closed when its last consumer fails.</summary>
    ConsumerFailureAction WhenConsumerFails { get; }

    /// <summary>Gets the limit for the memory that copies of incomplete frames use.</summary>
    IByteBudget CopyBudget { get; }

    /// <summary>Makes the ring thread examine a connection that has changed, and start or cancel its receive accordingly.</summary>
    void Synchronize(ConnectionReceiver connection);

    /// <summary>Makes the ring thread call the waiting sender when the socket has room.</summary>
    void AwaitRoom(ConnectionReceiver connection);

    /// <summary>
    /// Runs work of a consumer on the ring thread, after the deliveries of the current turn. Runs it on the thread pool when there is no
    /// ring thread.
    /// </summary>
    void Schedule(Action work);

    /// <summary>
    /// Records that a socket is closed while work on its connection is unfinished. A queue that stops waits for this work.
    /// </summary>
    /// <param name="work">The unfinished work. If the queue ends first, it calls <see cref="ConnectionWork.Abandon"/>.</param>
    void BeginLateWork(ConnectionWork work);

    /// <summary>Records that the unfinished work on a closed connection has ended.</summary>
    void EndLateWork(ConnectionWork work);

    /// <summary>Reports an exception that an observer or a handler has thrown.</summary>
    void ReportFault(ConnectionReceiver connection, Exception exception);
}
