using Zcrx.Actors.Streams;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Represents a stream of buffers or frames to an actor; see <see cref="ZcrxActorExtensions"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToActor</c>, which may dispose it at any time. It does not have to when the stream ends.
/// Threading: any thread.
/// </remarks>
public sealed class ActorSink : IDisposable
{
    private readonly ActorDelivery _delivery;

    internal ActorSink(Func<ActorSink, ActorDelivery> create) => _delivery = create(this);

    /// <summary>
    /// Gets a task that ends when the stream has ended in order and the actor has acknowledged everything. It faults with the stream's
    /// error once everything before is acknowledged. It faults with a <see cref="ZcrxActorTerminatedException"/> when the actor ends first,
    /// and with a <see cref="ZcrxException"/> when a message is about to leave the process. <see cref="Dispose"/> cancels it.
    /// </summary>
    public Task Completion => _delivery.Completion;

    /// <summary>
    /// Stops receiving, releases the items that were not sent to the actor, and sends nothing more. A message that another thread is
    /// sending still arrives. The actor has its leases until it acknowledges or ends. After the end of the stream this does nothing: the
    /// rest is still sent.
    /// </summary>
    public void Dispose() => _delivery.Dispose();

    /// <summary>Sends the first message.</summary>
    internal void Begin() => _delivery.Begin();
}
