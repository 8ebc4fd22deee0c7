using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Contains the options of restarts. A queue that fails is opened again after a delay that doubles with every failure, a limited number of times.</summary>
public sealed class ZcrxRestartOptions
{
    /// <summary>Gets or sets the delay after the first failure. The default is 200 ms.</summary>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gets or sets the longest delay. The default is 30 s.</summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets the largest random part that is added to a delay, from 0 to 1. Queues that failed together then do not restart together. The default is 0.2.</summary>
    public double RandomFactor { get; set; } = 0.2;

    /// <summary>Gets or sets the number of failures within <see cref="Within"/> after which the queue is given up and reported as failed. The default is 10. With 0 a queue is never opened again.</summary>
    public int MaxRestarts { get; set; } = 10;

    /// <summary>Gets or sets the time in which failures are counted. Older failures no longer count. The default is 5 minutes.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Gets or sets the time for which suspended connections wait for their own queue. If its restart delay is longer and another queue is
    /// open, the other queue resumes them. The default is 1 s.
    /// </summary>
    public TimeSpan RelocateAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets what happens to the connections of a queue that is given up.</summary>
    public ZcrxEscalation WhenGivenUp { get; set; } = ZcrxEscalation.MoveConnections;

    /// <summary>
    /// Gets or sets the delegate that recognises failures that no restart can cure. The queue is then given up at once. The default recognises a wrong
    /// configuration, a missing permission, an unsupported feature, and a device that is absent or not set up.
    /// </summary>
    public Func<Exception, bool> IsPermanent { get; set; } = static exception =>
        exception is ZcrxConfigurationException or ZcrxNotPermittedException or ZcrxUnsupportedException or ZcrxDeviceException;
}
