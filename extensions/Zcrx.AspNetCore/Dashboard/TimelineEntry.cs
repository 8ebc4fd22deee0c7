namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents an event, or several alike that came one after the other.</summary>
/// <param name="Id">Its number, which it keeps.</param>
/// <param name="Version">Counts the changes of the timeline. It grows when an entry is added or counted up.</param>
/// <param name="Time">When it happened first.</param>
/// <param name="Level">How it concerns an operator: <c>info</c>, <c>good</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Kind">The type of the event.</param>
/// <param name="Queue">The queue that it is about; null for none.</param>
/// <param name="To">The queue that receives now, for a move.</param>
/// <param name="Count">How often it happened.</param>
/// <param name="Text">What happened.</param>
internal sealed record TimelineEntry(long Id, long Version, DateTimeOffset Time, string Level, string Kind, string? Queue, string? To, int Count, string Text);
