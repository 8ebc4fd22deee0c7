using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>When connections change their queue, and what may be done about packets that arrive elsewhere.</summary>
public sealed class ZcrxRebalancingOptions
{
    /// <summary>Whether queues are watched for copy storms and lasting pressure. Connections whose payload lies in another queue's memory are moved there in any case.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Whether a connection that was accepted goes to the queue where its packets arrive, else to the one with the fewest; otherwise it stays with the queue that accepted it.</summary>
    public bool PlaceConnections { get; set; } = true;

    /// <summary>Whether connections may be moved because of a copy storm or of pressure.</summary>
    public bool AllowMoves { get; set; } = true;

    /// <summary>How far packets may be steered.</summary>
    public FlowSteeringPermission Steering { get; set; } = FlowSteeringPermission.FlowRules;

    /// <summary>How often the queues' counters are looked at.</summary>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Copied part of the received bytes from which a sample speaks for a storm. Above 0, at most 1.</summary>
    public double StormShare { get; set; } = 0.1;

    /// <summary>Copied part of the received bytes below which a sample speaks for its end. Above 0, below <see cref="StormShare"/>.</summary>
    public double CalmShare { get; set; } = 0.01;

    /// <summary>Samples in a row that begin or end a storm.</summary>
    public int StormSamples { get; set; } = 3;

    /// <summary>Received bytes below which a sample says nothing, in bytes.</summary>
    public long MinSampleBytes { get; set; } = 256 * 1024;

    /// <summary>Samples in a row under pressure after which connections are moved to a queue that has little to do.</summary>
    public int PressureSamples { get; set; } = 5;

    /// <summary>How long a queue and a connection are left alone after something was done about them.</summary>
    public TimeSpan CoolDown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Actions for all queues together in one interval at most, 2 or more.</summary>
    public int MaxActionsPerInterval { get; set; } = 256;

    /// <summary>Flow rules of ours on one interface at most; NICs have room for some hundreds to some thousands.</summary>
    public int MaxFlowRules { get; set; } = 512;

    /// <summary>Asked before each action: false forbids it. Called on an actor's thread, so it must be quick; what it throws forbids, too. Null permits everything.</summary>
    /// <remarks>
    /// Two kinds of moves are announced (<see cref="RebalanceEvent.Moved"/>) and not asked for: placing a connection that was just accepted, which <see cref="PlaceConnections"/>
    /// turns off altogether; and moving one whose payload lies in another queue's memory, since only that queue can receive it and a veto could do nothing but break the stream.
    /// </remarks>
    public Func<RebalanceAction, bool>? Permit { get; set; }

    /// <summary>Tells where packets arrive; null for what belongs to the engine: netlink, or the emulated interfaces.</summary>
    public INicFacts? NicFacts { get; set; }

    /// <summary>Steers packets; null for what belongs to the engine.</summary>
    public IFlowSteering? FlowSteering { get; set; }
}
