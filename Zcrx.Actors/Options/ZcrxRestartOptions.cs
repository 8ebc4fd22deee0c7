using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>What happens when a queue fails: it is opened again after a delay that doubles with every failure, a limited number of times.</summary>
public sealed class ZcrxRestartOptions
{
    /// <summary>The delay after the first failure; 200 ms.</summary>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest delay; 30 s.</summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Part of the delay that is added at random at most, so that queues that failed together do not come back together. 0 to 1; 0.2.</summary>
    public double RandomFactor { get; set; } = 0.2;

    /// <summary>Failures within <see cref="Within"/> after which the queue is given up and reported as failed; 10. 0 for never opening it again.</summary>
    public int MaxRestarts { get; set; } = 10;

    /// <summary>The time in which failures are counted, 5 minutes; a queue that ran for longer starts anew.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long established connections wait for their queue: if it is to be opened again later than after this, and another queue is open, that one goes on with them.
    /// </summary>
    public TimeSpan RelocateAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What becomes of the connections of a queue that is given up.</summary>
    public ZcrxEscalation WhenGivenUp { get; set; } = ZcrxEscalation.MoveConnections;

    /// <summary>
    /// Tells the failures that no attempt will cure: the queue is given up at once. By default a wrong configuration, a missing
    /// permission, a missing feature, and a device that is gone or not set up.
    /// </summary>
    public Func<Exception, bool> IsPermanent { get; set; } = static exception =>
        exception is ZcrxConfigurationException or ZcrxNotPermittedException or ZcrxUnsupportedException or ZcrxDeviceException;
}
