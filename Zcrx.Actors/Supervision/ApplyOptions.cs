using Zcrx.Actors.Messages;

namespace Zcrx.Actors.Supervision;

/// <summary>To the supervisor: changed options, which are valid.</summary>
internal sealed record ApplyOptions(ZcrxOptions Options) : ILocalMessage;

/// <summary>To the supervisor: changed options are invalid.</summary>
internal sealed record RefuseOptions(IReadOnlyList<string> Errors, Exception? Cause) : ILocalMessage;

/// <summary>To the supervisor that was created to wait with it: accept now.</summary>
internal sealed record BeginAccepting : ILocalMessage;

/// <summary>To the supervisor: another process continues with the listeners. Answered with <see cref="ZcrxStatus"/> when no queue accepts any more.</summary>
internal sealed record StopAccepting : ILocalMessage;

/// <summary>To the supervisor: after <see cref="StopAccepting"/>, answered with <see cref="ZcrxStatus"/> when the last connection of the listeners is closed.</summary>
internal sealed record WhenIdle : ILocalMessage;
