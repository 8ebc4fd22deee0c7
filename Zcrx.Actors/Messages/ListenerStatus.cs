using System.Net;
using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>How one listener stands.</summary>
public sealed record ListenerStatus : ILocalMessage
{
    /// <summary>The listener's name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it listens, with the real port; null before it is bound and after it was closed.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>Connections open now.</summary>
    public int Connections { get; init; }

    /// <summary>Connections accepted since the start.</summary>
    public long Accepted { get; init; }

    /// <summary>Why it could not be bound; null otherwise.</summary>
    public Exception? Error { get; init; }
}
