namespace Zcrx.Actors.Logging;

/// <summary>Represents the decision about one log event.</summary>
/// <param name="IsWritten">True if the event is written.</param>
/// <param name="HasTrace">True if the stack trace of the exception is written with the event.</param>
/// <param name="Suppressed">The number of suppressed events with this id that must be reported now.</param>
internal readonly record struct LogDecision(bool IsWritten, bool HasTrace, long Suppressed);
