using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>One queue that accepts on a listener's socket: has the user's handler called for every connection.</summary>
/// <remarks>Connections come on the ring thread, their ends on the thread pool. The end of accepting goes to the listener's actor as a
/// message.</remarks>
internal sealed class Attachment(
    string queue, IActorRef listener, ListenerSlot slot, ZcrxRuntime runtime, ConnectionReports reports) : IObserver<ZcrxConnection>, IDisposable
{
    private readonly SingleAssignmentDisposable _subscription = new();

    public string Queue => queue;

    public void Accept(ZcrxQueue source, Socket socket) => _subscription.Disposable = source.Listen(socket).Subscribe(this);

    public void Dispose() => _subscription.Dispose();

    public void OnNext(ZcrxConnection connection)
    {
        slot.OnOpened();
        // Chosen before the handler is called: nobody receives for the connection yet.
        ZcrxQueue? better = runtime.Options.Rebalancing.PlaceConnections ? runtime.Group.Choose(connection) : null;
        runtime.Connections.Serve(connection, slot.Name, slot.Handler, reports, slot.OnClosed);
        if (better is not null)
        {
            // Before this thread issues the first receive. A handler that has moved it itself knows better: then this one returns false.
            // Cannot fail otherwise; the group publishes a move that succeeded.
            _ = runtime.Group.MoveAsync(connection, better, MoveReason.Placement);
        }
    }

    public void OnCompleted() => listener.Tell(new ListenerActor.AcceptEnded(this));

    public void OnError(Exception error) => listener.Tell(new ListenerActor.AcceptEnded(this));
}
