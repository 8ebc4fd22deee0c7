using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>One queue that accepts on a listener's socket: runs the user's handler for every connection and sees to its end.</summary>
/// <remarks>Connections come on the ring's thread; their ends on the thread pool. What happened goes to the listener's actor as messages.</remarks>
internal sealed class Attachment(string queue, IActorRef listener, ListenerSlot slot) : IObserver<ZcrxConnection>, IDisposable
{
    private readonly SingleAssignmentDisposable _subscription = new();

    public string Queue => queue;

    public void Accept(ZcrxQueue source, Socket socket) => _subscription.Disposable = source.Listen(socket).Subscribe(this);

    public void Dispose() => _subscription.Dispose();

    public void OnNext(ZcrxConnection connection)
    {
        slot.OnOpened();
        listener.Tell(new ZcrxEvent.ConnectionOpened(slot.Name, queue, connection.Id, connection.RemoteEndPoint));
        IDisposable? subscription = null;
        try
        {
            subscription = slot.Handler(connection);
        }
#pragma warning disable CA1031 // A handler that throws loses its connection, and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            listener.Tell(new ZcrxEvent.ConsumerFaulted(queue, connection.Id, exception));
            connection.Abort();
        }

        _ = CloseAsync(connection, subscription);
    }

    public void OnCompleted() => listener.Tell(new ListenerActor.AcceptEnded(this));

    public void OnError(Exception error) => listener.Tell(new ListenerActor.AcceptEnded(this));

    private async Task CloseAsync(ZcrxConnection connection, IDisposable? subscription)
    {
        // Operators that still work on what had come would be cut off.
        await connection.Finished.ConfigureAwait(false);
        try
        {
            subscription?.Dispose();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            listener.Tell(new ZcrxEvent.ConsumerFaulted(queue, connection.Id, exception));
        }

        slot.OnClosed();
        listener.Tell(new ZcrxEvent.ConnectionClosed(slot.Name, queue, connection.Id, connection.BytesReceived, EndOf(connection)));
    }

    /// <summary>Why the stream ended. It has, so that whoever subscribes is told at once.</summary>
    private static Exception? EndOf(ZcrxConnection connection)
    {
        Exception? end = null;
        using (connection.Buffers.Subscribe(static _ => { }, error => end = error))
        {
            return end;
        }
    }
}
