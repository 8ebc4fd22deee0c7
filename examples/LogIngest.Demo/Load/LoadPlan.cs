using System.Net;

namespace LogIngest.Demo.Load;

/// <summary>Describes the messages to send.</summary>
/// <param name="To">The receiver.</param>
/// <param name="Run">The name of the run.</param>
/// <param name="Connections">The number of connections. Their formats alternate.</param>
/// <param name="Duration">The duration of sending.</param>
internal sealed record LoadPlan(IPEndPoint To, string Run, int Connections, TimeSpan Duration)
{
    /// <summary>Gets the length of the text of a message.</summary>
    public int TextLength { get; init; } = 120;

    /// <summary>Gets the number of messages per second of each connection; null for no limit.</summary>
    public double? Rate { get; init; }
}
