using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Cluster;

/// <summary>Contains the options of a stream of frames to shards. Immutable.</summary>
public sealed record ZcrxShardOptions
{
    /// <summary>
    /// Gets the number of partitions into which keys are divided. The default is 64. All streams to one region must have the same number.
    /// </summary>
    public int Partitions { get; init; } = 64;

    /// <summary>
    /// Gets the largest number of unacknowledged frames of one connection. At this limit, the connection is paused. The default is 4,096.
    /// </summary>
    public int MaxUnacknowledged { get; init; } = 4096;

    /// <summary>
    /// Gets the largest number of unacknowledged bytes of one connection. A longer frame is sent alone. The default is 4 MiB.
    /// </summary>
    public ByteSize MaxUnacknowledgedBytes { get; init; } = 4.MiB();

    /// <summary>
    /// Gets the largest number of unacknowledged bytes of all connections of this node at one shard. A longer chunk is sent alone. A chunk
    /// that is sent again counts once. The first stream to a region sets the limit for the region. The default is 8 MiB.
    /// </summary>
    public ByteSize MaxShardBytes { get; init; } = 8.MiB();

    /// <summary>
    /// Gets the largest number of unacknowledged chunks of one connection at one shard. At this limit, further frames wait for the next
    /// chunk. The default is 4.
    /// </summary>
    public int MaxChunks { get; init; } = 4;

    /// <summary>Gets the largest number of bytes in a chunk. A longer frame is a chunk of its own. The default is 64 KiB.</summary>
    public ByteSize MaxChunkBytes { get; init; } = 64.KiB();

    /// <summary>
    /// Gets the shortest time after which an unacknowledged chunk is sent again. The default is a second. If acknowledgements take long,
    /// the time is three times their measured time. It doubles with each attempt, up to a factor of sixteen. It is reset when a chunk that
    /// was sent only once is acknowledged.
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
