using System.Text.Json;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents the cost of one load on one server. Times are in microseconds unless the name has another unit.</summary>
/// <remarks>The client sends the sample as one line of JSON. The comparison adds memory and descriptors.</remarks>
internal sealed record MessageSample
{
    public required long Messages { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Gets the CPU seconds of the server during the measurement.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>Gets the CPU seconds of the server before the measurement: start, compilation and warm-up.</summary>
    public required double StartUpCpuSeconds { get; init; }

    public required double Median { get; init; }

    public required double P90 { get; init; }

    public required double P99 { get; init; }

    public required double P999 { get; init; }

    public required double Longest { get; init; }

    /// <summary>Gets the number of requests that had no reply five seconds after the measurement.</summary>
    public required long Unanswered { get; init; }

    /// <summary>Gets the resident bytes of the server per idle connection.</summary>
    public double BytesPerConnection { get; init; }

    /// <summary>Gets the descriptors of the server per idle connection.</summary>
    public double DescriptorsPerConnection { get; init; }

    public double CpuPerMessage => CpuSeconds * 1e6 / Messages;

    public double Rate => Messages / Seconds;

    public static MessageSample Parse(string line) =>
        JsonSerializer.Deserialize<MessageSample>(line) ?? throw new FormatException("The client's answer is empty.");
}
