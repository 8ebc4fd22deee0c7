using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>
/// Contains the options of the rebalancer. The rebalancer moves connections between queues, and steers packets to the queue of their
/// connection.
/// </summary>
public sealed class ZcrxRebalancingOptions
{
    /// <summary>
    /// Gets or sets a value indicating whether queues are watched for copy storms and lasting pressure. A connection with payload in the
    /// memory of another queue is moved to that queue in any case.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether accepted connections are placed. Placement moves a connection to the queue on which its
    /// packets arrive. If this queue is unknown, placement moves the connection to the queue with the fewest connections. Without
    /// placement, the connection stays on the queue that accepted it.
    /// </summary>
    public bool PlaceConnections { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether connections may be moved because of a copy storm or because of pressure.</summary>
    public bool AllowMoves { get; set; } = true;

    /// <summary>Gets or sets the permitted ways to steer packets.</summary>
    public FlowSteeringPermission Steering { get; set; } = FlowSteeringPermission.FlowRules;

    /// <summary>Gets or sets the interval at which the counters of the queues are sampled.</summary>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets the copied fraction of the received bytes at which a sample indicates a copy storm. Above 0, at most 1.
    /// </summary>
    public double StormShare { get; set; } = 0.1;

    /// <summary>
    /// Gets or sets the copied fraction of the received bytes below which a sample indicates the end of a storm. Above 0, below
    /// <see cref="StormShare"/>.
    /// </summary>
    public double CalmShare { get; set; } = 0.01;

    /// <summary>Gets or sets the number of consecutive samples after which a storm begins or ends.</summary>
    public int StormSamples { get; set; } = 3;

    /// <summary>Gets or sets the minimum number of received bytes for which a sample is evaluated.</summary>
    public long MinSampleBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Gets or sets the number of consecutive samples under pressure after which connections are moved to a queue with little load.
    /// </summary>
    public int PressureSamples { get; set; } = 5;

    /// <summary>Gets or sets the time for which a queue and a connection are left alone after an action on them.</summary>
    public TimeSpan CoolDown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the maximum number of actions in one sample interval, for all queues together. At least 2.</summary>
    public int MaxActionsPerInterval { get; set; } = 256;

    /// <summary>
    /// Gets or sets the maximum number of flow rules of this process on one interface. NICs can store some hundreds to some thousands.
    /// </summary>
    public int MaxFlowRules { get; set; } = 512;

    /// <summary>
    /// Gets or sets a delegate that is called before each action. False or an exception vetoes the action. A null delegate permits all
    /// actions. The delegate runs on the thread of an actor, so it must be quick.
    /// </summary>
    /// <remarks>
    /// Two kinds of moves cannot be vetoed, but are published as <see cref="RebalanceEvent.Moved"/>. The first is the placement of an
    /// accepted connection, which <see cref="PlaceConnections"/> turns off. The second moves a connection to the queue whose memory
    /// contains its payload. Only that queue can receive the payload, so a veto would break the stream.
    /// </remarks>
    public Func<RebalanceAction, bool>? Permit { get; set; }

    /// <summary>
    /// Gets or sets the object that determines on which RX queue packets arrive. Null for the default of the engine:
    /// netlink or the emulated interfaces.
    /// </summary>
    public INicFacts? NicFacts { get; set; }

    /// <summary>Gets or sets the object that steers packets. Null for the default of the engine.</summary>
    public IFlowSteering? FlowSteering { get; set; }
}
