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
    /// A connection was silent after it was accepted: <see cref="ZcrxListenOptions.FirstByteTimeout"/>. The connection is reset.
    /// </summary>
    FirstByteTimeout,

    /// <summary>A connection was silent for too long: <see cref="ZcrxListenOptions.IdleTimeout"/>. The connection is reset.</summary>
    IdleTimeout,

    /// <summary>
    /// The copies of unfinished frames and of pipe readers of a queue have too many bytes:
    /// <see cref="ZcrxQueueOptions.MaxCopiedFrameBytes"/>. The connection that needs more is reset.
    /// </summary>
    CopiedFrameBytes,

    /// <summary>
    /// The process has few file descriptors left: <see cref="ZcrxQueueOptions.DescriptorReserve"/>. Accepting stops until more are
    /// free; peers wait in the backlog.
    /// </summary>
    Descriptors,
}
