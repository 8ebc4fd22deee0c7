using System.Net;
using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents the status of one listener.</summary>
public sealed record ListenerStatus : ILocalMessage
{
    /// <summary>Gets the listener's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the bound address with the real port; null before it is bound and after it is closed.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>Gets the number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>Gets the number of connections accepted since the start.</summary>
    public long Accepted { get; init; }

    /// <summary>Gets the failure; null if there is none.</summary>
    public Exception? Error { get; init; }
}
