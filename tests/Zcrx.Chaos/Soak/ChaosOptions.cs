using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Contains the options of a run: which faults it injects, where, and for how long.</summary>
internal sealed record ChaosOptions
{
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    public int Connections { get; init; } = 200;

    public int Queues { get; init; } = 4;

    /// <summary>Gets the time between two faults.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets the names of the faults to inject. If it is empty, all are injected.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public int Seed { get; init; }

    public ZcrxEngine Engine { get; init; } = ZcrxEngine.Emulated;

    /// <summary>
    /// Gets the interface for the engine Nic. The run uses its RX queues from <see cref="RxQueue"/> on. While the interface is removed,
    /// queues run without a device.
    /// </summary>
    public string? Interface { get; init; }

    public int RxQueue { get; init; }

    /// <summary>Gets the network namespace of the senders, if the engine is Nic.</summary>
    public string? SenderNamespace { get; init; }

    /// <summary>Gets the address on which the host listens, and to which senders connect.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>
    /// Gets the program that the run calls with <c>remove</c> and <c>restore</c> for the interface. If it is null, the interface is never
    /// removed.
    /// </summary>
    public string? NicControl { get; init; }

    /// <summary>Gets the time after which the supervisor restarts a failed queue for the first time.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Gets the time after which a ring thread counts as stuck.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets the time within which every expected event must happen.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
