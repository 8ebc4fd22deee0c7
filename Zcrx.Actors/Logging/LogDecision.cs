namespace Zcrx.Actors.Logging;

/// <summary>Represents the decision about one log event.</summary>
/// <param name="IsWritten">Whether it is written.</param>
/// <param name="HasTrace">Whether its stack trace is written.</param>
/// <param name="Suppressed">The number of suppressed events with this id that must be reported now.</param>
internal readonly record struct LogDecision(bool IsWritten, bool HasTrace, long Suppressed);
