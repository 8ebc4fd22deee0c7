namespace Zcrx.Benchmarks.Receivers;

/// <summary>Represents one way to receive TCP streams. All receivers pass their bytes to <see cref="ConnectionMeter.Count"/>.</summary>
internal interface IReceiver : IAsyncDisposable
{
    /// <summary>Gets a remark about the run for the report. It may be empty.</summary>
    string Note { get; }

    /// <summary>Listens on loopback, and receives from all connections.</summary>
    /// <param name="meter">Provides a meter for each connection.</param>
    /// <returns>The port on which it listens.</returns>
    Task<int> StartAsync(Meter meter);
}
