using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Contains the options of the rebalancer, which moves connections between queues and steers packets to the queue of their connection.</summary>
public sealed class ZcrxRebalancingOptions
{
    /// <summary>
    /// Gets or sets a value indicating whether queues are watched for copy storms and lasting pressure. A connection whose payload lies in
    /// another queue's memory is moved there in any case.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether an accepted connection is placed: on the queue where its packets arrive, or on the queue
    /// with the fewest connections if that is not known. Without placement, it stays on the queue that accepted it.
    /// </summary>
    public bool PlaceConnections { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether connections may be moved because of a copy storm or of pressure.</summary>
    public bool AllowMoves { get; set; } = true;

    /// <summary>Gets or sets the permitted ways to steer packets.</summary>
    public FlowSteeringPermission Steering { get; set; } = FlowSteeringPermission.FlowRules;

    /// <summary>Gets or sets the interval at which the queues' counters are sampled.</summary>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the copied part of the received bytes from which a sample indicates a storm. Above 0, at most 1.</summary>
    public double StormShare { get; set; } = 0.1;

    /// <summary>Gets or sets the copied part of the received bytes below which a sample indicates the end of a storm. Above 0, below <see cref="StormShare"/>.</summary>
    public double CalmShare { get; set; } = 0.01;

    /// <summary>Gets or sets the number of samples in a row that begin or end a storm.</summary>
    public int StormSamples { get; set; } = 3;

    /// <summary>Gets or sets the number of received bytes below which a sample is not evaluated.</summary>
    public long MinSampleBytes { get; set; } = 256 * 1024;

    /// <summary>Gets or sets the number of samples in a row under pressure after which connections are moved to a queue with little load.</summary>
    public int PressureSamples { get; set; } = 5;

    /// <summary>Gets or sets how long a queue and a connection are left alone after an action.</summary>
    public TimeSpan CoolDown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the largest number of actions in one interval, for all queues together. At least 2.</summary>
    public int MaxActionsPerInterval { get; set; } = 256;

    /// <summary>Gets or sets the largest number of flow rules of this process on one interface. NICs have room for some hundreds to some thousands.</summary>
    public int MaxFlowRules { get; set; } = 512;

    /// <summary>Gets or sets a delegate that is called before each action. False or an exception vetoes the action. Null permits all actions. It runs on an actor's thread, so it must be quick.</summary>
    /// <remarks>
    /// Two kinds of moves are published (<see cref="RebalanceEvent.Moved"/>) and cannot be vetoed. The first is the placement of an accepted connection, which
    /// <see cref="PlaceConnections"/> turns off. The second moves a connection whose payload lies in another queue's memory: only that queue can receive it, so a veto
    /// would break the stream.
    /// </remarks>
    public Func<RebalanceAction, bool>? Permit { get; set; }

    /// <summary>Gets or sets the object that reads where packets arrive. Null for that of the engine: netlink, or the emulated interfaces.</summary>
    public INicFacts? NicFacts { get; set; }

    /// <summary>Gets or sets the object that steers packets. Null for that of the engine.</summary>
    public IFlowSteering? FlowSteering { get; set; }
}
