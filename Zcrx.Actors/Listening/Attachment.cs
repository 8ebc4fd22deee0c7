using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Zcrx.Rx;
using Zcrx.Rx.Listening;

namespace Zcrx.Actors.Listening;

/// <summary>Lets one queue accept on the socket of a listener, and receives the accepted connections.</summary>
/// <remarks>Connections arrive on the ring thread. The actor of the listener receives a message when the queue stops accepting.</remarks>
internal sealed class Attachment(string queue, IActorRef listener, ListenerSlot slot, ConnectionIntake intake) : IObserver<ZcrxConnection>, IDisposable
{
    private readonly SingleAssignmentDisposable _subscription = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Queue => queue;

    /// <summary>Gets a task that ends when the queue has closed its descriptor of the socket.</summary>
    public Task Ended => _ended.Task;

    /// <summary>
    /// Gets the error with which the queue refused the port or stopped accepting; null if it did neither, or if the queue itself failed.
    /// </summary>
    public Exception? Error { get; private set; }

    public void Accept(ZcrxQueue source, Socket socket) => _subscription.Disposable = source.Listen(socket, slot.Gate).Subscribe(this);

    public void Dispose() => _subscription.Dispose();

    public void OnNext(ZcrxConnection connection) => intake.Serve(connection, slot);

    public void OnCompleted()
    {
        _ended.TrySetResult();
        listener.Tell(new ListenerActor.AcceptEnded(this));
    }

    public void OnError(Exception error)
    {
        // The failure of a queue is not an error of the listener. The supervisor of the queue reports it. A restarted queue accepts again.
        Error = error is QueueFailedException ? null : error;
        OnCompleted();
    }
}
