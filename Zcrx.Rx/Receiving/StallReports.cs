using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Counts and publishes stalls of connections. Ring thread only.</summary>
internal sealed class StallReports(QueueContext context, IReceiveEvents events)
{
    public void Begin(ConnectionReceiver connection, int waiting, long now)
    {
        context.Counters.Stalls++;
        context.Counters.StalledConnections++;
        events.Stalled(connection, waiting, Since(connection, now), isOver: false);
    }

    public void End(ConnectionReceiver connection, long now)
    {
        context.Counters.StalledConnections--;
        events.Stalled(connection, 0, Since(connection, now), isOver: true);
    }

    /// <summary>Publishes the end of a connection's stall, if one was reported, because the connection leaves the queue.</summary>
    public void Forget(ConnectionReceiver connection)
    {
        if (connection.Stall.IsReported)
        {
            End(connection, context.Clock.Now);
        }

        connection.Stall = default;
    }

    private TimeSpan Since(ConnectionReceiver connection, long now) => context.Clock.Elapsed(connection.Stall.Since, now);
}
