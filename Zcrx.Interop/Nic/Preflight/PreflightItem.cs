namespace Zcrx.Interop;

/// <summary>One line of a preflight.</summary>
/// <param name="Check">What was looked at, in a word or two.</param>
/// <param name="Outcome">What was found.</param>
/// <param name="Text">The same in words, without a full stop.</param>
/// <param name="Fix">What would help; empty where nothing is needed.</param>
public sealed record PreflightItem(string Check, PreflightOutcome Outcome, string Text, string Fix = "");
