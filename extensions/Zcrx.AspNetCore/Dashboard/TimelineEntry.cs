namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one event, or several consecutive events of the same kind.</summary>
/// <param name="Id">The number of the entry, which never changes.</param>
/// <param name="Version">
/// The version of the timeline at the entry's last change. The version grows when an entry is added or its count grows.
/// </param>
/// <param name="Time">The time of the first event.</param>
/// <param name="Level">The severity for an operator: <c>info</c>, <c>good</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Kind">The type of the event.</param>
/// <param name="Queue">The queue that the event concerns; null for none.</param>
/// <param name="To">For a move, the queue that receives now.</param>
/// <param name="Count">The number of events.</param>
/// <param name="Text">The description.</param>
internal sealed record TimelineEntry(long Id, long Version, DateTimeOffset Time, string Level, string Kind, string? Queue, string? To, int Count, string Text);
