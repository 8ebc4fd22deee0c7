namespace Zcrx.Actors.Health;

/// <summary>Supplies the status that the health checks judge.</summary>
internal interface IStatusSource
{
    /// <summary>Gets a value indicating whether Zcrx has ended without a stop.</summary>
    bool HasEndedUnasked { get; }

    /// <summary>Returns the status of the whole tree.</summary>
    /// <param name="includeConnections">Whether to list the connections.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task<ZcrxStatus> GetStatusAsync(bool includeConnections, CancellationToken cancellationToken);
}
