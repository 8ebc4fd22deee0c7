namespace Zcrx.Interop;

/// <summary>Represents the result of one check of a preflight.</summary>
/// <param name="Check">The subject of the check in one or two words.</param>
/// <param name="Outcome">The outcome of the check.</param>
/// <param name="Text">The outcome in words, as a clause without a full stop.</param>
/// <param name="Fix">The remedy; empty when none is needed.</param>
public sealed record PreflightItem(string Check, PreflightOutcome Outcome, string Text, string Fix = "");
