using Zcrx.Actors.Streams;

namespace Zcrx.Actors;

/// <summary>A stream of buffers on its way to an actor; see <see cref="ZcrxActorExtensions.ToActor"/>.</summary>
/// <remarks>Ownership: the caller's, who may dispose it at any time and need not when the stream ends. Threading: any thread.</remarks>
public sealed class ActorSink : IDisposable
{
    private readonly ActorDelivery _delivery;

    internal ActorSink(ActorDelivery delivery) => _delivery = delivery;

    /// <summary>
    /// Ends when the stream has ended in order and the actor has acknowledged everything. Faults with what the stream broke with once that much
    /// is acknowledged, or with a <see cref="ZcrxActorTerminatedException"/> when the actor ended before; is cancelled by <see cref="Dispose"/>.
    /// </summary>
    public Task Completion => _delivery.Completion;

    /// <summary>
    /// Stops receiving and releases what has not been sent to the actor yet, which is told nothing more. What it was sent stays lent to it until it
    /// acknowledges or ends. Once the stream itself has ended this does nothing: the rest is still sent.
    /// </summary>
    public void Dispose() => _delivery.Dispose();
}
