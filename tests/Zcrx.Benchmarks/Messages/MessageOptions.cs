namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents the options of a comparison of small messages.</summary>
internal sealed record MessageOptions
{
    public static MessageOptions Usual { get; } = new();

    public static MessageOptions Brief { get; } = new() { Rounds = 3, Duration = TimeSpan.FromSeconds(1) };

    public int Rounds { get; init; } = 5;

    /// <summary>Gets the minimum time for which the load runs before a measurement.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Gets the minimum number of messages before a measurement. The runtime recompiles a method after a number of calls.
    /// </summary>
    public int WarmUpMessages { get; init; } = 20_000;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(3);

    public IReadOnlyList<string> Servers { get; init; } = [.. MessageServerKind.Usual.Select(static kind => kind.Name)];

    public IReadOnlyList<MessageScenario> Scenarios { get; init; } =
    [
        MessageScenario.ClosedLoop(1),
        MessageScenario.ClosedLoop(64),
        MessageScenario.ClosedLoop(512),
        new MessageScenario(64, 64, 10_000),
        new MessageScenario(10_000, 16, 0),
    ];
}
