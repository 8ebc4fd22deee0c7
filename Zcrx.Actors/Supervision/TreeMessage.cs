using Zcrx.Actors.Messages;

namespace Zcrx.Actors.Supervision;

/// <summary>Contains the messages that hosting sends to the <see cref="ZcrxSupervisor"/>, apart from commands.</summary>
internal static class TreeMessage
{
    /// <summary>Reports to the supervisor that options have changed and are valid.</summary>
    public sealed record ApplyOptions(ZcrxOptions Options) : ILocalMessage;

    /// <summary>Reports to the supervisor that options have changed and are invalid.</summary>
    public sealed record RefuseOptions(IReadOnlyList<string> Errors, Exception? Cause) : ILocalMessage;

    /// <summary>Tells a supervisor that was created without accepting to begin.</summary>
    public sealed record BeginAccepting : ILocalMessage;

    /// <summary>
    /// Tells the supervisor that another process continues with the listeners. Answered with <see cref="ZcrxStatus"/> when no queue accepts
    /// any more.
    /// </summary>
    public sealed record StopAccepting : ILocalMessage;

    /// <summary>Sent to the supervisor after <see cref="StopAccepting"/>. Answered with <see cref="ZcrxStatus"/> when the last connection of the listeners is closed.</summary>
    public sealed record WhenIdle : ILocalMessage;
}
