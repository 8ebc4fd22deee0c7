using System.Text.Json;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents the resources that one receiver process used for one case, after its warm-up.</summary>
/// <remarks>The receiver process sends the measurement to the comparison as one line of JSON.</remarks>
internal sealed record Measurement
{
    /// <summary>Gets the number of all bytes that arrived, including the warm-up.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>
    /// Gets the number of bytes that arrived after the warm-up. The other values of the measurement refer to these bytes.
    /// </summary>
    public required long Bytes { get; init; }

    /// <summary>
    /// Gets the CPU seconds that the process used before the end of the warm-up: its start, compilation, and the first bytes.
    /// </summary>
    public required double StartUpSeconds { get; init; }

    public required double UserSeconds { get; init; }

    public required double SystemSeconds { get; init; }

    public required double WallSeconds { get; init; }

    public required long AllocatedBytes { get; init; }

    public required int Collections { get; init; }

    /// <summary>Gets the sum of the bytes that each connection's receiver read: all bytes, or the first byte of each chunk.</summary>
    public required IReadOnlyList<ulong> Sums { get; init; }

    /// <summary>Gets a note of the receiver, such as its own counters.</summary>
    public string Note { get; init; } = "";

    public double PerCpuSecond => Bytes / Amount.GiB / (UserSeconds + SystemSeconds);

    public double UserPerGiB => UserSeconds / (Bytes / Amount.GiB);

    public double SystemPerGiB => SystemSeconds / (Bytes / Amount.GiB);

    public double PerSecond => Bytes / Amount.GiB / WallSeconds;

    public double AllocatedPerGiB => AllocatedBytes / (Bytes / Amount.GiB);

    public string ToLine() => JsonSerializer.Serialize(this);

    public static Measurement Parse(string line) =>
        JsonSerializer.Deserialize<Measurement>(line) ?? throw new FormatException("The receiver's answer is empty.");
}
