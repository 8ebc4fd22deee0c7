using System.Text.Json;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents what one load has cost one server. Times are in microseconds unless the name states another unit.</summary>
/// <remarks>The client prints it as one line of JSON. The comparison adds the memory and the descriptors.</remarks>
internal sealed record MessageSample
{
    public required long Messages { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Gets the CPU seconds that the server used during the measurement.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>
    /// Gets the CPU seconds that the server used before the measurement, for its start, the JIT compiler and the warm-up.
    /// </summary>
    public required double StartUpCpuSeconds { get; init; }

    public required double Median { get; init; }

    public required double P90 { get; init; }

    public required double P99 { get; init; }

    public required double P999 { get; init; }

    public required double Longest { get; init; }

    /// <summary>Gets the number of requests that were still without a reply five seconds after the measurement.</summary>
    public required long Unanswered { get; init; }

    /// <summary>Gets the resident memory of the server per idle connection, in bytes.</summary>
    public double BytesPerConnection { get; init; }

    /// <summary>Gets the number of descriptors of the server per idle connection.</summary>
    public double DescriptorsPerConnection { get; init; }

    public double CpuPerMessage => CpuSeconds * 1e6 / Messages;

    public double Rate => Messages / Seconds;

    public static MessageSample Parse(string line) =>
        JsonSerializer.Deserialize<MessageSample>(line) ?? throw new FormatException("The client's answer is empty.");
}
