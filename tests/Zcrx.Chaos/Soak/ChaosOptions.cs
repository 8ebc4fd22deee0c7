using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Contains the faults, their targets and the duration of a run.</summary>
internal sealed record ChaosOptions
{
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    public int Connections { get; init; } = 200;

    public int Queues { get; init; } = 4;

    /// <summary>Gets the time between two faults.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets the names of the faults to inject; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public int Seed { get; init; }

    public ZcrxEngine Engine { get; init; } = ZcrxEngine.Emulated;

    /// <summary>
    /// Gets the interface for the engine Nic. Its RX queues from <see cref="RxQueue"/> are used. While it is removed,
    /// the device-less mode is used.
    /// </summary>
    public string? Interface { get; init; }

    public int RxQueue { get; init; }

    /// <summary>Gets the network namespace of the senders for the engine Nic.</summary>
    public string? SenderNamespace { get; init; }

    /// <summary>Gets the address on which the host listens, and to which senders connect.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>
    /// Gets the program that removes and restores the interface, called with <c>remove</c> and <c>restore</c>; null for no removals.
    /// </summary>
    public string? NicControl { get; init; }

    /// <summary>Gets the supervisor's first restart delay.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Gets the time after which a ring thread counts as stuck.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets the deadline of each expected event.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
