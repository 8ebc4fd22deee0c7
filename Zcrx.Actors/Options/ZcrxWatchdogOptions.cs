namespace Zcrx.Actors;

/// <summary>Contains the options of the watchdog, which reports ring threads that are stuck in a callback of the application. Changes apply when a queue is opened again.</summary>
public sealed class ZcrxWatchdogOptions
{
    /// <summary>Gets or sets how long a turn of a ring thread may last. After that the queue counts as stuck: it is reported and receives no new connections. The default is 3 s.</summary>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets or sets the time for which a queue may be stuck before the liveness check fails. The default is a minute.</summary>
    public TimeSpan NotLiveAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Gets or sets the time by which a stuck queue may exceed the drain time of a stop or restart. Then its ring thread is abandoned: its
    /// connections end with an error, and its memory stays until the process ends. The default is a second.
    /// </summary>
    public TimeSpan AbandonAfter { get; set; } = TimeSpan.FromSeconds(1);
}
