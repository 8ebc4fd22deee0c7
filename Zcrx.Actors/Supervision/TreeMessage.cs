using Zcrx.Actors.Messages;

namespace Zcrx.Actors.Supervision;

/// <summary>Contains the messages from the hosting classes to the <see cref="ZcrxSupervisor"/>, except commands.</summary>
internal static class TreeMessage
{
    /// <summary>Reports to the supervisor that the options have changed and are valid.</summary>
    public sealed record ApplyOptions(ZcrxOptions Options) : ILocalMessage;

    /// <summary>Reports to the supervisor that a change of the options is invalid.</summary>
    public sealed record RefuseOptions(IReadOnlyList<string> Errors, Exception? Cause) : ILocalMessage;

    /// <summary>Tells the supervisor to begin accepting, because the predecessor of a takeover has stopped accepting.</summary>
    public sealed record BeginAccepting : ILocalMessage;

    /// <summary>
    /// Tells the supervisor to stop accepting, because another process has taken over the listeners. Answered with
    /// <see cref="ZcrxStatus"/> when no queue accepts any more.
    /// </summary>
    public sealed record StopAccepting : ILocalMessage;

    /// <summary>
    /// Requests an answer when the last connection of the listeners is closed. Sent after <see cref="StopAccepting"/>. Answered with
    /// <see cref="ZcrxStatus"/>.
    /// </summary>
    public sealed record WhenIdle : ILocalMessage;
}
