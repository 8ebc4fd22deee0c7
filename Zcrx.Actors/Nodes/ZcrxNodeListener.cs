namespace Zcrx.Actors;

/// <summary>Represents one listener in a <see cref="ZcrxNodeStatus"/>. Immutable.</summary>
public sealed record ZcrxNodeListener
{
    /// <summary>Gets the listener's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the bound address with the actual port, as text; empty while the listener is not bound.</summary>
    public string EndPoint { get; init; } = "";

    /// <summary>Gets the number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>Gets the number of connections accepted since the start.</summary>
    public long Accepted { get; init; }

    /// <summary>Gets the number of connections that were reset because a limit was reached.</summary>
    public long Refused { get; init; }

    /// <summary>Gets a value indicating whether the listener has reached its limit of connections.</summary>
    public bool IsFull { get; init; }

    /// <summary>Gets the message of the failure; empty if the listener has not failed.</summary>
    public string Error { get; init; } = "";

    internal static ZcrxNodeListener From(ListenerStatus listener) => new()
    {
        Name = listener.Name,
        EndPoint = listener.EndPoint?.ToString() ?? "",
        Connections = listener.Connections,
        Accepted = listener.Accepted,
        Refused = listener.Refused,
        IsFull = listener.IsFull,
        Error = listener.Error?.Message ?? "",
    };
}
