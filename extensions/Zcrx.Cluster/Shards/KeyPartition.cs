using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Zcrx.Cluster.Shards;

/// <summary>Determines the partition of a key. The result is the same in every process and on every machine.</summary>
internal static class KeyPartition
{
    private const int LongestOnStack = 256;

    public static int Of(ulong key, int partitions)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key);
        return Of(bytes, partitions);
    }

    public static int Of(ReadOnlySequence<byte> key, int partitions)
    {
        if (key.IsSingleSegment)
        {
            return Of(key.FirstSpan, partitions);
        }

        Span<byte> bytes = key.Length <= LongestOnStack ? stackalloc byte[(int)key.Length] : new byte[key.Length];
        key.CopyTo(bytes);
        return Of(bytes, partitions);
    }

    private static int Of(ReadOnlySpan<byte> key, int partitions) => (int)(XxHash64.HashToUInt64(key) % (ulong)partitions);
}
