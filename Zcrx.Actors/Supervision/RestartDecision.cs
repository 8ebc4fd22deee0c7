namespace Zcrx.Actors.Supervision;

/// <summary>What happens to a queue that failed.</summary>
/// <param name="Delay">When to open it again; null to give it up.</param>
/// <param name="Attempt">Which attempt in a row that is; 1 for the first.</param>
/// <param name="Reason">Why it is given up: a clause.</param>
internal readonly record struct RestartDecision(TimeSpan? Delay, int Attempt, string Reason);
