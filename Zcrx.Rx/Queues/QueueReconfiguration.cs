namespace Zcrx.Rx;

/// <summary>Represents the result of applying new options to an open queue.</summary>
/// <param name="Applied">The names of the options that changed and apply now.</param>
/// <param name="NeedReopening">The names of the options that differ and apply when the queue is opened again.</param>
public sealed record QueueReconfiguration(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedReopening);
