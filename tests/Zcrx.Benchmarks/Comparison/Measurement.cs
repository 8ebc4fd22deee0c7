using System.Text.Json;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents the resources that a receiver process has used for one case after the warm-up.</summary>
/// <remarks>The receiver process prints it as one line of JSON, which the comparison reads.</remarks>
internal sealed record Measurement
{
    /// <summary>Gets the number of bytes that have arrived, including the warm-up.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Gets the number of bytes that have arrived after the warm-up. All other values are for these bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>
    /// Gets the CPU seconds that the process used until the end of the warm-up. They include its start and the JIT compiler.
    /// </summary>
    public required double StartUpSeconds { get; init; }

    public required double UserSeconds { get; init; }

    public required double SystemSeconds { get; init; }

    public required double WallSeconds { get; init; }

    public required long AllocatedBytes { get; init; }

    public required int Collections { get; init; }

    /// <summary>
    /// Gets, for each connection, the sum of the bytes that its receiver has read. These are all bytes, or the first byte of each chunk.
    /// </summary>
    public required IReadOnlyList<ulong> Sums { get; init; }

    /// <summary>Gets a remark of the receiver for the report, such as values of its own counters.</summary>
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
