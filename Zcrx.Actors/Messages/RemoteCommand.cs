using Akka.Actor;
using Akka.Util;

namespace Zcrx.Actors.Messages;

/// <summary>Represents a <see cref="ZcrxCommand"/> that another process sent. The supervisor refuses it.</summary>
/// <param name="Command">The name of the command's type.</param>
internal sealed record RemoteCommand(string Command) : ILocalMessage
{
    /// <summary>Returns the answer to a command from another process. The answer can be serialized.</summary>
    public static Status.Failure Refuse(string command, IActorRef supervisor) => new(new InvalidOperationException(
        $"Could not carry out {nameof(ZcrxCommand)}.{command}: it came from another process, and {supervisor.Path} accepts commands of its own process only. " +
        "Send a message of your own to an actor in that process, which sends the command and answers with what you need."));

    /// <summary>Represents a command in transit between two processes. It contains only the name of the command.</summary>
    /// <param name="Command">The name of the command's type.</param>
    internal sealed record Surrogate(string Command) : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => new RemoteCommand(Command);
    }
}
