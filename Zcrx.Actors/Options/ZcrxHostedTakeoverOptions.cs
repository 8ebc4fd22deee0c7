using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>How a process of the service takes over from the one that runs, and later hands over to the next. See docs/takeover.md.</summary>
public sealed class ZcrxHostedTakeoverOptions
{
    /// <summary>The Unix socket at which the processes meet, an absolute path in a directory that belongs to the service; null for no takeover.</summary>
    public string? Path { get; set; }

    /// <summary>How long a process waits for the other's next step: a new one for its predecessor's answer, an old one for its successor to be ready.</summary>
    public TimeSpan Timeout { get; set; } = new ZcrxTakeoverOptions().Timeout;

    /// <summary>
    /// After a takeover: how long established connections may go on in this process, until their peers end them. Then, or when none is left, the host is
    /// stopped, which delivers what has arrived. Zero to at most a day.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromHours(1);

    /// <summary>For the layer below.</summary>
    internal ZcrxTakeoverOptions ToTakeoverOptions() => new() { Path = Path ?? "", Timeout = Timeout };
}
