namespace Zcrx.Actors;

/// <summary>
/// Contains the options of the watchdog. The watchdog reports ring threads that are stuck in a callback of the application. Changes apply
/// when a queue is opened again.
/// </summary>
public sealed class ZcrxWatchdogOptions
{
    /// <summary>
    /// Gets or sets the duration of a turn, one pass of a ring thread's loop, after which the thread counts as stuck. Its queue is then
    /// reported, and gets no new connections. The default is 3 s.
    /// </summary>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets or sets the time for which a queue may be stuck before the liveness check fails. The default is one minute.</summary>
    public TimeSpan NotLiveAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Gets or sets the time for which a stop or restart waits for a stuck ring thread after the drain time. Then the thread is abandoned.
    /// The connections of the queue end with an error. Its memory stays until the process ends. The default is one second.
    /// </summary>
    public TimeSpan AbandonAfter { get; set; } = TimeSpan.FromSeconds(1);
}
