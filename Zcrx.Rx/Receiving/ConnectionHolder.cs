using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>Counts the leases of a connection on one queue. Operators use it to pause the connection that a buffer came from.</summary>
internal sealed class ConnectionHolder(ConnectionReceiver connection) : BufferHolder
{
    /// <summary>Gets the connection whose leases are counted. Thread-safe.</summary>
    public ConnectionReceiver Connection => connection;

    public override bool IsPaused => connection.Control.IsPaused;

    public override void Synchronize() => connection.Control.Synchronize();

    public override IByteBudget CopyBudget => connection.Control.Host.CopyBudget;

    public override void Postpone(IPostponedConsumer consumer) => connection.Postponed.Add(consumer);

    public override void Schedule(Action work) => connection.Control.Host.Schedule(work);

    public override void Hold() => connection.Control.PauseForConsumer();

    public override void Resume() => connection.Control.ResumeForConsumer();

    public override void Abandon()
    {
        if (!connection.Stream.HasObservers)
        {
            connection.Control.RequestClose(abort: true, "its consumer ended before it had processed all received bytes");
        }
    }

    public override void LeaveUnhandled() => connection.HasUnhandledBytes = true;

    public override void Fail(Exception exception, bool isSubscribed = false)
    {
        if (connection.Stream.Observers.Items.Length <= (isSubscribed ? 1 : 0))
        {
            connection.Control.FailConsumer(exception);
        }
    }

    public override void FailAtEnd(Exception exception) => connection.Control.FailAtEnd(exception);

    public override bool FollowsFromEnd(Exception exception) => connection.Control.FollowsFromEnd(exception);

    public override void Report(Exception exception) => connection.Control.ReportFault(exception);

    public override void BeginWork() => connection.Control.Work.Begin();

    public override void EndWork() => connection.Control.Work.End();
}
