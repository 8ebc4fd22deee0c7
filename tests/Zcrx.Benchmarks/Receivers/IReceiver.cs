namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Represents one way to receive TCP streams. All receivers do the same with the bytes: <see cref="ConnectionMeter.Count"/>.
/// </summary>
internal interface IReceiver : IAsyncDisposable
{
    /// <summary>Gets a note about the run for the report. May be empty.</summary>
    string Note { get; }

    /// <summary>Listens on loopback and receives from all connections.</summary>
    /// <param name="meter">Supplies a meter for each connection.</param>
    /// <returns>The port.</returns>
    Task<int> StartAsync(Meter meter);
}
