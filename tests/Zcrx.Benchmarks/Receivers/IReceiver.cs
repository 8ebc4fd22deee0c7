namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Represents one way to receive TCP streams. All receivers process the bytes with <see cref="ConnectionMeter.Count"/>.
/// </summary>
internal interface IReceiver : IAsyncDisposable
{
    /// <summary>Gets a note about the run for the report; empty for none.</summary>
    string Note { get; }

    /// <summary>Listens on loopback and receives from all connections.</summary>
    /// <param name="meter">Provides a meter for each connection.</param>
    /// <returns>The port.</returns>
    Task<int> StartAsync(Meter meter);
}
