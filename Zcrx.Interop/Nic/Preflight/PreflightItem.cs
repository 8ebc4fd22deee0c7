namespace Zcrx.Interop;

/// <summary>Represents one line of a preflight.</summary>
/// <param name="Check">The subject of the check, in a word or two.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Text">The outcome in words, without a full stop.</param>
/// <param name="Fix">The remedy; empty where none is needed.</param>
public sealed record PreflightItem(string Check, PreflightOutcome Outcome, string Text, string Fix = "");
