using Akka.Actor;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Connections;

/// <summary>What served connections tell an actor, as it goes on to the log and the event stream.</summary>
internal static class ConnectionReports
{
    public static void Opened(ZcrxRuntime runtime, ActorSystem system, ZcrxEvent.ConnectionOpened opened)
    {
        if (opened.Listener is { } listener)
        {
            ZcrxLog.ConnectionOpened(runtime.Logger, opened.ConnectionId, opened.RemoteEndPoint, listener, opened.Queue);
        }
        else
        {
            ZcrxLog.ConnectionAttached(runtime.Logger, opened.ConnectionId, opened.RemoteEndPoint, opened.Queue);
        }

        system.EventStream.Publish(opened);
    }

    public static void Closed(ZcrxRuntime runtime, ActorSystem system, ZcrxEvent.ConnectionClosed closed)
    {
        ZcrxLog.ConnectionClosed(runtime.Logger, closed.ConnectionId, closed.BytesReceived, closed.Error);
        system.EventStream.Publish(closed);
    }

    public static void Faulted(ZcrxRuntime runtime, ActorSystem system, ZcrxEvent.ConsumerFaulted faulted)
    {
        ZcrxLog.ConsumerFaulted(runtime.Logger, faulted.Queue, faulted.ConnectionId, faulted.Exception);
        system.EventStream.Publish(faulted);
    }
}
