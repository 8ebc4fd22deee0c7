using Zcrx.Actors.Streams;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Represents a stream of buffers or frames to an actor; see <see cref="ZcrxActorExtensions"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToActor</c> owns the sink, and may dispose it at any time. A sink whose stream has ended need not be
/// disposed. Threading: all members are callable on any thread.
/// </remarks>
public sealed class ActorSink : IDisposable
{
    private readonly ActorDelivery _delivery;

    internal ActorSink(Func<ActorSink, ActorDelivery> create) => _delivery = create(this);

    /// <summary>
    /// Gets a task that ends when the stream has completed and the actor has acknowledged every item. If the stream fails, the task faults
    /// with the stream's error once every item is acknowledged. It faults with a <see cref="ZcrxActorTerminatedException"/> if the actor
    /// ends before that. It faults with a <see cref="ZcrxException"/> if a message is about to be sent to another process.
    /// <see cref="Dispose"/> cancels it.
    /// </summary>
    public Task Completion => _delivery.Completion;

    /// <summary>
    /// Stops receiving, releases the items that were not sent to the actor, and sends nothing more. A message that another thread is
    /// sending still arrives. The actor keeps its leases until it acknowledges them or ends. After the end of the stream, this method does
    /// nothing: the remaining items are still sent.
    /// </summary>
    public void Dispose() => _delivery.Dispose();

    /// <summary>Sends the first message of the stream to the actor.</summary>
    internal void Begin() => _delivery.Begin();
}
