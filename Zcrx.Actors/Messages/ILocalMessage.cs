using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Util;

namespace Zcrx.Actors.Messages;

/// <summary>Represents a message that refers to memory, sockets or actors of this process and cannot leave it.</summary>
/// <remarks>
/// Akka's serializers convert an <see cref="ISurrogated"/> before they write it, also inside another message. The conversion is
/// therefore the place where an attempt to send the message to another process is noticed. Without it, the receiver would get an
/// object whose contents are missing.
/// </remarks>
internal interface ILocalMessage : INoSerializationVerificationNeeded, ISurrogated
{
    /// <summary>Fails; Akka.Remote logs the error and drops the message.</summary>
    /// <exception cref="SerializationException">Always.</exception>
    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => throw NotSerializable(this);

    /// <summary>Returns the error for a message that was about to be serialized.</summary>
    static SerializationException NotSerializable(ILocalMessage message)
    {
        Type type = message.GetType();
        string name = type.DeclaringType is { } outer ? $"{outer.Name}.{type.Name}" : type.Name;
        return new SerializationException(
            $"Could not serialize {name}: it refers to memory, sockets or actors of this process. " +
            "Send it to actors of this process only. For another process, copy what it needs into a message of your own.");
    }
}
