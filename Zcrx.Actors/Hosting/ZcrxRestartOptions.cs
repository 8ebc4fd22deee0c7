using Zcrx.Actors.Hosting;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>What happens when a queue fails: it is opened again after a delay that doubles with every failure, a limited number of times.</summary>
/// <remarks>What is not set has the value of the section <c>zcrx.restart</c> of the actor system's configuration (HOCON), by default the value named here.</remarks>
public sealed class ZcrxRestartOptions
{
    private TimeSpan? _minBackoff;
    private TimeSpan? _maxBackoff;
    private double? _randomFactor;
    private int? _maxRestarts;
    private TimeSpan? _within;

    /// <summary>The delay after the first failure; 200 ms.</summary>
    public TimeSpan MinBackoff { get => _minBackoff ?? Defaults.MinBackoff; set => _minBackoff = value; }

    /// <summary>The longest delay; 30 s.</summary>
    public TimeSpan MaxBackoff { get => _maxBackoff ?? Defaults.MaxBackoff; set => _maxBackoff = value; }

    /// <summary>Part of the delay that is added at random at most, so that queues that failed together do not come back together. 0 to 1; 0.2.</summary>
    public double RandomFactor { get => _randomFactor ?? Defaults.RandomFactor; set => _randomFactor = value; }

    /// <summary>Failures within <see cref="Within"/> after which the queue is given up and reported as failed; 10. 0 for never opening it again.</summary>
    public int MaxRestarts { get => _maxRestarts ?? Defaults.MaxRestarts; set => _maxRestarts = value; }

    /// <summary>The time in which failures are counted, 5 minutes; a queue that ran for longer starts anew.</summary>
    public TimeSpan Within { get => _within ?? Defaults.Within; set => _within = value; }

    /// <summary>
    /// How long established connections wait for their queue: if it is to be opened again later than after this, and another queue is open, that one goes on with them.
    /// </summary>
    public TimeSpan ConnectionPatience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What becomes of the connections of a queue that is given up.</summary>
    public ZcrxEscalation WhenGivenUp { get; set; } = ZcrxEscalation.MoveConnections;

    /// <summary>
    /// Tells the failures that no attempt will cure: the queue is given up at once. By default a wrong configuration, a missing
    /// permission, a missing feature, and a device that is gone or not set up.
    /// </summary>
    public Func<Exception, bool> IsPermanent { get; set; } = static exception =>
        exception is ZcrxConfigurationException or ZcrxNotPermittedException or ZcrxUnsupportedException or ZcrxDeviceException;

    /// <summary>What stands for what is not set.</summary>
    internal HoconDefaults Defaults { get; set; } = HoconDefaults.BuiltIn;
}
