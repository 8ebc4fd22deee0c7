using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Cluster;

/// <summary>Contains the options of a stream of frames to shards. Immutable.</summary>
public sealed record ZcrxShardOptions
{
    /// <summary>Gets the number of partitions of the key space: 64 by default. All streams to one region need the same number.</summary>
    public int Partitions { get; init; } = 64;

    /// <summary>
    /// Gets the maximum number of unacknowledged frames of one connection: 4,096 by default. At this limit the connection is paused.
    /// </summary>
    public int MaxUnacknowledged { get; init; } = 4096;

    /// <summary>
    /// Gets the maximum number of unacknowledged bytes of one connection: 4 MiB by default. A longer frame is sent alone.
    /// </summary>
    public ByteSize MaxUnacknowledgedBytes { get; init; } = 4.MiB();

    /// <summary>
    /// Gets the maximum number of unacknowledged bytes at one shard, over all connections of this node: 8 MiB by default. A longer chunk
    /// is sent alone. The first stream to a region sets the value for the region. Copies that were sent again are not counted.
    /// </summary>
    public ByteSize MaxShardBytes { get; init; } = 8.MiB();

    /// <summary>
    /// Gets the maximum number of unacknowledged chunks of one connection at one shard: 4 by default. At this limit, frames are
    /// collected for the next chunk.
    /// </summary>
    public int MaxChunks { get; init; } = 4;

    /// <summary>Gets the maximum number of bytes of a chunk: 64 KiB by default. A longer frame is a chunk of its own.</summary>
    public ByteSize MaxChunkBytes { get; init; } = 64.KiB();

    /// <summary>
    /// Gets the minimum time after which an unacknowledged chunk is sent again: a second by default. The time is three times the measured
    /// acknowledgement time if that is longer. It doubles with each attempt, up to a factor of sixteen. The acknowledgement of a
    /// chunk that was sent only once resets it.
    /// </summary>
    public TimeSpan ResendTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Throws if options are invalid. The exception lists every error.</summary>
    internal void ThrowIfInvalid()
    {
        List<ZcrxConfigurationError> errors = [];
        Check(Partitions is > 0 and <= 1 << 20, nameof(Partitions), "between 1 and 1,048,576", Partitions);
        Check(MaxUnacknowledged > 0, nameof(MaxUnacknowledged), "at least 1", MaxUnacknowledged);
        Check(MaxUnacknowledgedBytes.Bytes > 0, nameof(MaxUnacknowledgedBytes), "at least 1 byte", MaxUnacknowledgedBytes);
        Check(MaxShardBytes.Bytes > 0, nameof(MaxShardBytes), "at least 1 byte", MaxShardBytes);
        Check(MaxChunks > 0, nameof(MaxChunks), "at least 1", MaxChunks);
        Check(MaxChunkBytes.Bytes is > 0 and <= 1 << 30, nameof(MaxChunkBytes), "between 1 byte and 1 GiB", MaxChunkBytes);
        Check(ResendTimeout >= TimeSpan.FromMilliseconds(10) && ResendTimeout <= TimeSpan.FromHours(1), nameof(ResendTimeout), "between 10 ms and an hour", ResendTimeout);
        ZcrxConfigurationException.ThrowIfAny(errors);

        void Check(bool isValid, string option, string range, object value)
        {
            if (!isValid)
            {
                errors.Add(new ZcrxConfigurationError(option, $"must be {range}, but is {value}"));
            }
        }
    }
}
