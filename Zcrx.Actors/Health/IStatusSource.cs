namespace Zcrx.Actors.Health;

/// <summary>Supplies the status that the health checks evaluate.</summary>
internal interface IStatusSource
{
    /// <summary>Gets a value indicating whether the actors of Zcrx have ended although no stop was requested.</summary>
    bool HasEndedUnasked { get; }

    /// <summary>Returns the status of the whole actor tree.</summary>
    /// <param name="includeConnections">True to list the connections.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task<ZcrxStatus> GetStatusAsync(bool includeConnections, CancellationToken cancellationToken);
}
