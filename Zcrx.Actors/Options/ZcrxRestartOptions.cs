using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>
/// Contains the options of restarts. A failed queue is opened again after a delay that doubles with every failure. The
/// number of attempts is limited.
/// </summary>
public sealed class ZcrxRestartOptions
{
    /// <summary>Gets or sets the restart delay after the first failure. The default is 200 ms.</summary>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gets or sets the maximum restart delay, to which the jitter is added. The default is 30 s.</summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets the maximum jitter as a fraction of the delay, from 0 to 1. With jitter, queues that failed together do not restart
    /// together. The default is 0.2.
    /// </summary>
    public double RandomFactor { get; set; } = 0.2;

    /// <summary>
    /// Gets or sets the maximum number of restarts within <see cref="Within"/>. The next failure gives up the queue, which is then reported
    /// as failed. The default is 10. With 0 a queue is never opened again.
    /// </summary>
    public int MaxRestarts { get; set; } = 10;

    /// <summary>Gets or sets the length of the sliding window in which failures are counted. The default is 5 minutes.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Gets or sets the longest restart delay for which suspended connections wait for their own queue. After a longer delay, another open
    /// queue resumes the connections. The default is 1 s.
    /// </summary>
    public TimeSpan RelocateAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets what happens to the connections of a queue that is given up.</summary>
    public ZcrxEscalation WhenGivenUp { get; set; } = ZcrxEscalation.MoveConnections;

    /// <summary>
    /// Gets or sets the delegate that returns true for a failure that no restart can fix. The queue is then given up at once. The default
    /// recognises a wrong configuration, a missing permission, an unsupported feature, and a device that is absent or not set up.
    /// </summary>
    public Func<Exception, bool> IsPermanent { get; set; } = static exception =>
        exception is ZcrxConfigurationException or ZcrxNotPermittedException or ZcrxUnsupportedException or ZcrxDeviceException;
}
