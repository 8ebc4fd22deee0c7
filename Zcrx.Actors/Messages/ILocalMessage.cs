using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Util;

namespace Zcrx.Actors.Messages;

/// <summary>
/// Represents a message that refers to memory, sockets or actors of this process, and therefore cannot be sent to another one.
/// </summary>
/// <remarks>
/// The serializers of Akka convert an <see cref="ISurrogated"/> before they write it, even if it is nested in another message. This
/// conversion throws here, so that an attempt to send the message to another process fails. Otherwise the other process would receive an
/// object with missing contents.
/// </remarks>
internal interface ILocalMessage : INoSerializationVerificationNeeded, ISurrogated
{
    /// <summary>Throws. Akka.Remote then logs the error and drops the message.</summary>
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
