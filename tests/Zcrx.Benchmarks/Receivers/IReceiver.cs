namespace Zcrx.Benchmarks.Receivers;

/// <summary>One way to receive TCP streams. All of them do the same with what they get: <see cref="ConnectionMeter.Count"/>.</summary>
internal interface IReceiver : IAsyncDisposable
{
    /// <summary>Gets a note about the run for the report. May be empty.</summary>
    string Note { get; }

    /// <summary>Listens on loopback and receives whatever comes.</summary>
    /// <param name="meter">Gives each connection its meter.</param>
    /// <returns>The port.</returns>
    Task<int> StartAsync(Meter meter);
}
