using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Contains the options of a takeover, in which a new process of the service replaces the running one. See docs/takeover.md.</summary>
public sealed class ZcrxHostedTakeoverOptions
{
    /// <summary>Gets or sets the path of the Unix socket at which the processes meet: an absolute path in a directory that belongs to the service. Null for no takeover.</summary>
    public string? Path { get; set; }

    /// <summary>
    /// Gets or sets the time for which a process waits for the next step of the other one: a successor for the answer of its predecessor, a
    /// predecessor until its successor is ready.
    /// </summary>
    public TimeSpan Timeout { get; set; } = new ZcrxTakeoverOptions().Timeout;

    /// <summary>
    /// Gets or sets the time for which established connections may continue in this process after a takeover. Then, or when the last
    /// connection is closed, the host is stopped, which delivers what has arrived. From zero to a day. The default is an hour.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets how long this process keeps ports of its predecessor that are not in its own configuration: for listeners that are bound at
    /// run time. Connections to them wait. From zero, which closes these ports at once, to a day. The default is 30 s.
    /// </summary>
    public TimeSpan ListenerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns the options of the takeover without a host.</summary>
    internal ZcrxTakeoverOptions ToTakeoverOptions() => new() { Path = Path ?? "", Timeout = Timeout };
}
