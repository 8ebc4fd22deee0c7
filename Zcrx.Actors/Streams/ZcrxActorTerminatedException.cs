using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Reports that an actor ended before it had acknowledged its whole stream.</summary>
public sealed class ZcrxActorTerminatedException : ZcrxException
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="streamOffset">The stream offset of the first byte that the actor has not acknowledged.</param>
    public ZcrxActorTerminatedException(IActorRef actor, long streamOffset)
        : base($"Sending a stream to {actor}", 0, $"the actor ended when it had acknowledged {streamOffset} bytes", "")
    {
        Actor = actor;
        StreamOffset = streamOffset;
    }

    /// <summary>Gets the actor.</summary>
    public IActorRef Actor { get; }

    /// <summary>Gets the stream offset of the first byte that the actor has not acknowledged.</summary>
    public long StreamOffset { get; }
}
