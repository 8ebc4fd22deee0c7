namespace LogIngest.Demo;

/// <summary>Describes a run of the demo.</summary>
/// <param name="Connections">The number of connections.</param>
/// <param name="Duration">The duration of sending.</param>
internal sealed record DemoOptions(int Connections, TimeSpan Duration)
{
    /// <summary>Gets the number of messages per second of all connections together; null for no limit.</summary>
    public int? Rate { get; init; }

    /// <summary>Gets when the database pauses; null for never.</summary>
    public PausePlan? Pause { get; init; }
}
