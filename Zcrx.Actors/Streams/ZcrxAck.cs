using Akka.Actor;

namespace Zcrx.Actors;

/// <summary>What an actor answers <see cref="ZcrxStream"/> messages with. Got from the message that it acknowledges, and sent to that message's sender, by anybody.</summary>
public sealed class ZcrxAck : INoSerializationVerificationNeeded
{
    internal ZcrxAck(ZcrxStream message) => Message = message;

    internal ZcrxStream Message { get; }
}
