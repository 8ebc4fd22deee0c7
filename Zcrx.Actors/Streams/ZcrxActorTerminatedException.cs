using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>The actor that a stream was sent to has ended before the stream was handled.</summary>
public sealed class ZcrxActorTerminatedException : ZcrxException
{
    /// <summary>An actor has ended.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="streamOffset">First byte that it has not acknowledged.</param>
    public ZcrxActorTerminatedException(IActorRef actor, long streamOffset)
        : base($"Sending a stream to {actor}", 0, $"the actor ended when it had acknowledged {streamOffset} bytes", "")
    {
        Actor = actor;
        StreamOffset = streamOffset;
    }

    /// <summary>The actor.</summary>
    public IActorRef Actor { get; }

    /// <summary>Position of the first byte that the actor has not acknowledged.</summary>
    public long StreamOffset { get; }
}
