using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies a limit that protects the process from its peers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxLimit>))]
public enum ZcrxLimit
{
    /// <summary>
    /// A listener has reached its limit of connections: <see cref="ZcrxListenOptions.MaxConnections"/>. Further connections are reset.
    /// </summary>
    MaxConnections,

    /// <summary>
    /// An address has reached its limit of connections: <see cref="ZcrxListenOptions.MaxConnectionsPerAddress"/>.
    /// Further connections are reset.
    /// </summary>
    MaxConnectionsPerAddress,

    /// <summary>
    /// A connection has neither sent nor received a byte within <see cref="ZcrxListenOptions.FirstByteTimeout"/>. The connection is reset.
    /// </summary>
    FirstByteTimeout,

    /// <summary>
    /// A connection was silent in both directions for <see cref="ZcrxListenOptions.IdleTimeout"/>. The connection is reset.
    /// </summary>
    IdleTimeout,

    /// <summary>
    /// A queue has reached <see cref="ZcrxQueueOptions.MaxCopiedFrameBytes"/>, its limit of bytes that it copies for unfinished frames and
    /// pipe readers. A connection that needs more is reset.
    /// </summary>
    CopiedFrameBytes,

    /// <summary>
    /// Fewer file descriptors are free than <see cref="ZcrxQueueOptions.DescriptorReserve"/>. Accepting stops until more are free. Peers
    /// wait in the backlog.
    /// </summary>
    Descriptors,
}
