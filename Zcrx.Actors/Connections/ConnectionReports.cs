using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;

namespace Zcrx.Actors.Connections;

/// <summary>Logs the events of served connections, and publishes them on the event stream. Callable on any thread.</summary>
/// <remarks>
/// The events do not pass through the mailbox of an actor. A connection may end while the listener or the supervisor stops or restarts, and
/// its end must still be reported.
/// </remarks>
internal sealed class ConnectionReports(ILogger logger, EventStream events, TimeProvider time, Tally tally)
{
    private readonly FaultLog _faults = new("connection handlers", logger, time);

    /// <summary>Gets the current timestamp, from which <see cref="Closed"/> computes the duration of a connection.</summary>
    public long Now => time.GetTimestamp();

    public void Opened(ZcrxEvent.ConnectionOpened opened)
    {
        if (opened.Listener is { } listener)
        {
            ZcrxLog.ConnectionOpened(logger, opened.ConnectionId, opened.RemoteEndPoint, listener, opened.Queue);
        }
        else
        {
            ZcrxLog.ConnectionAttached(logger, opened.ConnectionId, opened.RemoteEndPoint, opened.Queue);
        }

        events.Publish(opened);
    }

    public void Moved(ZcrxEvent.ConnectionMoved moved)
    {
        ZcrxLog.ConnectionMoved(logger, moved.ConnectionId, moved.From, moved.To);
        events.Publish(moved);
    }

    public void Detached(ZcrxEvent.ConnectionDetached detached)
    {
        ZcrxLog.ConnectionDetached(logger, detached.ConnectionId, detached.StreamOffset);
        events.Publish(detached);
    }

    /// <param name="closed">The event to log and publish.</param>
    /// <param name="since">The timestamp at which the connection was opened; see <see cref="Now"/>.</param>
    public void Closed(ZcrxEvent.ConnectionClosed closed, long since)
    {
        tally.OnClosed(closed, time.GetElapsedTime(since));
        ZcrxLog.ConnectionClosed(logger, closed.ConnectionId, closed.BytesReceived, closed.Error);
        events.Publish(closed);
    }

    public void Faulted(ZcrxEvent.ConsumerFaulted faulted)
    {
        _faults.Faulted(faulted.Queue, faulted.ConnectionId, faulted.Exception);
        events.Publish(faulted);
    }
}
