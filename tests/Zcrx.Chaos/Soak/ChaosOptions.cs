using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Contains the faults, their targets and the duration of a run.</summary>
internal sealed record ChaosOptions
{
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    public int Connections { get; init; } = 200;

    public int Queues { get; init; } = 4;

    /// <summary>Time between two faults.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Names of the faults that are injected; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public int Seed { get; init; }

    public ZcrxEngine Engine { get; init; } = ZcrxEngine.Emulated;

    /// <summary>With the engine Nic: the interface; its RX queues from <see cref="RxQueue"/> on are used, and the device-less mode when it is gone.</summary>
    public string? Interface { get; init; }

    public int RxQueue { get; init; }

    /// <summary>With the engine Nic: the namespace that the senders are in.</summary>
    public string? SenderNamespace { get; init; }

    /// <summary>With the engine Nic: the address that senders connect to.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>A program that takes the interface away and brings it back, called with <c>remove</c> and <c>restore</c>; null for no removals.</summary>
    public string? NicControl { get; init; }

    /// <summary>The supervisor's first delay.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The time after which a ring thread counts as stuck.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets the deadline of everything that must happen.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
