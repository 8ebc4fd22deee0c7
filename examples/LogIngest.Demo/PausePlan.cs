namespace LogIngest.Demo;

/// <summary>Describes when the database pauses.</summary>
/// <param name="After">The time from the beginning of sending to the pause.</param>
/// <param name="Duration">The duration of the pause.</param>
internal sealed record PausePlan(TimeSpan After, TimeSpan Duration);
