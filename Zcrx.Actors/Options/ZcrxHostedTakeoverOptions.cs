using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Contains the options of a takeover, in which a new process of the service replaces the running one. See docs/takeover.md.
/// </summary>
public sealed class ZcrxHostedTakeoverOptions
{
    /// <summary>
    /// Gets or sets the path of the Unix socket through which the two processes communicate. It must be absolute, in a directory that
    /// belongs to the service. Null for no takeover.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>
    /// Gets or sets the maximum time for which the two processes of a takeover wait for each other. The new process waits for an answer,
    /// and the running one waits until the new one is ready.
    /// </summary>
    public TimeSpan Timeout { get; set; } = new ZcrxTakeoverOptions().Timeout;

    /// <summary>
    /// Gets or sets the time for which established connections may continue in this process after a successor has taken over. The host is
    /// stopped after this time, or when the last connection is closed. The stop delivers received bytes. From zero to a
    /// day. The default is one hour.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets how long this process keeps ports of its predecessor that are not in its own configuration. In this time, new
    /// connections wait, and listeners that are bound at run time can take the ports. From zero, which closes these ports at once, to a
    /// day. The default is 30 s.
    /// </summary>
    public TimeSpan ListenerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Converts the options to those of <see cref="ZcrxTakeover"/>.</summary>
    internal ZcrxTakeoverOptions ToTakeoverOptions() => new() { Path = Path ?? "", Timeout = Timeout };
}
