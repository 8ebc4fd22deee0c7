using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Zcrx.Rx;
using Zcrx.Rx.Listening;

namespace Zcrx.Actors.Listening;

/// <summary>Represents one queue that accepts on a listener's socket.</summary>
/// <remarks>Connections arrive on the ring thread. The end of accepting is a message to the listener's actor.</remarks>
internal sealed class Attachment(string queue, IActorRef listener, ListenerSlot slot, ConnectionIntake intake) : IObserver<ZcrxConnection>, IDisposable
{
    private readonly SingleAssignmentDisposable _subscription = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Queue => queue;

    /// <summary>Gets a task that ends when the queue has closed its descriptor of the socket.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Gets the error with which the queue has refused the port or stopped accepting; null if there is none.</summary>
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
        // The queue's supervisor reports a queue that has failed, and the next ring accepts again.
        Error = error is QueueFailedException ? null : error;
        OnCompleted();
    }
}
