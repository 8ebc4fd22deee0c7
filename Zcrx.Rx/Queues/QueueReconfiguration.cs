namespace Zcrx.Rx;

/// <summary>Describes the result of new options for an open queue.</summary>
/// <param name="Applied">The names of the changed options that apply now.</param>
/// <param name="NeedReopening">The names of the changed options that apply only once the queue is opened again.</param>
public sealed record QueueReconfiguration(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedReopening);
