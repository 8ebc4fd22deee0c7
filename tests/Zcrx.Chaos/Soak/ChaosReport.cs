using Zcrx.Chaos.Faults;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Soak;

/// <summary>Represents the result of a run.</summary>
internal sealed record ChaosReport
{
    public required ChaosOptions Options { get; init; }

    public required ChaosTally Tally { get; init; }

    public required IReadOnlyList<ChaosFault> Faults { get; init; }

    /// <summary>Gets the reason why no peer could vanish, or null if peers could.</summary>
    public required string? WhyNoPeerVanishes { get; init; }

    /// <summary>Gets the number of times that a queue was opened again.</summary>
    public required long Restarts { get; init; }

    /// <summary>Gets the number of times that a connection was resumed on another queue after its queue had ended.</summary>
    public required long Continued { get; init; }

    public required long FellBack { get; init; }

    /// <summary>Gets the number of queues that were abandoned because a consumer blocked their ring thread.</summary>
    public required long Abandoned { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Gets the use of resources before the run, after a quarter of it, at the end of the faults, and after everything was closed.
    /// </summary>
    public required IReadOnlyList<(string When, ProcessFootprint What)> Footprints { get; init; }

    public bool HasPassed => Tally is { Violations: 0, Survived: > 0 };
}
