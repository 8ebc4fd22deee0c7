using System.Net.Sockets;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Configures a listening socket and the connections that are accepted on it.</summary>
/// <remarks>
/// The options are read when the socket is bound. Socket options are set on the listening socket, and Linux copies them to every accepted
/// connection. They therefore cost no system call per connection. <see cref="Validate"/> returns all errors at once.
/// </remarks>
public class ZcrxListenOptions
{
    // The kernel's limits on TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT.
    private const int LongestKeepAliveSeconds = 32767;
    private const int MostKeepAliveProbes = 127;

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(30);

    /// <summary>
    /// Gets or sets the number of connections that may wait to be accepted: 4096 by default. The kernel limits it
    /// to <c>net.core.somaxconn</c>.
    /// </summary>
    public int Backlog { get; set; } = 4096;

    /// <summary>
    /// Gets or sets a value indicating whether several sockets, also of other processes of this user, may listen on the address
    /// (<c>SO_REUSEPORT</c>). The kernel spreads connections over them.
    /// </summary>
    public bool ReusePort { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether small sends leave at once (<c>TCP_NODELAY</c>). On by default; see
    /// <see cref="ZcrxConnection.NoDelay"/>.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>Gets or sets the size of the send buffer in bytes. 0, the default, lets the kernel adapt it.</summary>
    public int SendBufferSize { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether idle connections are probed, so that a peer that has vanished is noticed. On by default.
    /// </summary>
    public bool KeepAlive { get; set; } = true;

    /// <summary>
    /// Gets or sets the time for which a connection must be idle before the first probe: a minute by default. Whole seconds.
    /// </summary>
    public TimeSpan KeepAliveTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets the time between two probes: 10 s by default. Whole seconds.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets the number of unanswered probes after which the connection breaks with ETIMEDOUT: 6 by default.
    /// <see cref="UserTimeout"/> takes precedence.
    /// </summary>
    public int KeepAliveCount { get; set; } = 6;

    /// <summary>
    /// Gets or sets the time after which a connection breaks with ETIMEDOUT if sent bytes stay unacknowledged, or if the peer accepts no
    /// bytes. The default is two minutes. With 0 the kernel decides: it gives up after about a quarter of an hour without
    /// acknowledgement, and waits without limit for a peer that accepts nothing.
    /// </summary>
    public TimeSpan UserTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Gets or sets the maximum number of open connections of the listener. Further connections are reset. With 0, the default, only file
    /// descriptors limit the number.
    /// </summary>
    public int MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of open connections from one address. Further connections are reset. An IPv6 host counts with its
    /// whole /64 prefix. The default is 0 for no limit, because all clients behind a proxy have one address.
    /// </summary>
    public int MaxConnectionsPerAddress { get; set; }

    /// <summary>
    /// Gets or sets the time for which a connection may be silent after it was accepted, before the first byte in either direction. A
    /// connection that is silent for longer is reset. The default is a minute, and <see cref="Timeout.InfiniteTimeSpan"/> means no
    /// limit. Checked once a second.
    /// </summary>
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Gets or sets the time for which a connection may be silent in both directions. A connection that is silent for longer is
    /// reset. The default, <see cref="Timeout.InfiniteTimeSpan"/>, means no limit. Checked once a second. Must be longer than the
    /// longest time that a reply takes.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Gets or sets the action that sets further options of the listening socket. Called before the socket is bound, after the other
    /// options were set; null for none.
    /// </summary>
    /// <remarks>Linux copies most options to the accepted connections. The action must not bind or close the socket.</remarks>
    public Action<Socket>? ConfigureSocket { get; set; }

    /// <summary>Validates the options without a system call.</summary>
    /// <param name="path">The configuration path of the options for messages, such as <c>Zcrx:Listeners:0</c>.</param>
    /// <returns>All errors, each with its path; empty when the options are valid.</returns>
    public IReadOnlyList<ZcrxConfigurationError> Validate(string path = "")
    {
        List<ZcrxConfigurationError> errors = [];
        void Check(bool valid, string name, string message)
        {
            if (!valid)
            {
                errors.Add(new ZcrxConfigurationError(path.Length == 0 ? name : $"{path}:{name}", message));
            }
        }

        Check(Backlog >= 1, nameof(Backlog), $"must be at least 1, but is {Backlog}");
        Check(SendBufferSize >= 0, nameof(SendBufferSize), $"must not be negative, but is {SendBufferSize}");
        Check(IsKeepAlive(KeepAliveTime), nameof(KeepAliveTime), $"must be between 1 and {LongestKeepAliveSeconds} seconds, but is {KeepAliveTime}");
        Check(IsKeepAlive(KeepAliveInterval), nameof(KeepAliveInterval), $"must be between 1 and {LongestKeepAliveSeconds} seconds, but is {KeepAliveInterval}");
        Check(KeepAliveCount is >= 1 and <= MostKeepAliveProbes, nameof(KeepAliveCount), $"must be between 1 and {MostKeepAliveProbes}, but is {KeepAliveCount}");
        Check(UserTimeout >= TimeSpan.Zero && UserTimeout <= TimeSpan.FromDays(1), nameof(UserTimeout), $"must be between 0 and a day, but is {UserTimeout}");
        Check(MaxConnections >= 0, nameof(MaxConnections), $"must not be negative, but is {MaxConnections}");
        Check(MaxConnectionsPerAddress >= 0, nameof(MaxConnectionsPerAddress), $"must not be negative, but is {MaxConnectionsPerAddress}");
        Check(IsTimeout(FirstByteTimeout), nameof(FirstByteTimeout), $"must be between a millisecond and {LongestTimeout.Days} days, or infinite, but is {FirstByteTimeout}");
        Check(IsTimeout(IdleTimeout), nameof(IdleTimeout), $"must be between a millisecond and {LongestTimeout.Days} days, or infinite, but is {IdleTimeout}");
        return errors;
    }

    private static bool IsTimeout(TimeSpan span) => span == Timeout.InfiniteTimeSpan || (span >= TimeSpan.FromMilliseconds(1) && span <= LongestTimeout);

    private static bool IsKeepAlive(TimeSpan span) => span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromSeconds(LongestKeepAliveSeconds);
}
