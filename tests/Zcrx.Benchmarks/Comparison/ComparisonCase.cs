using Zcrx.Benchmarks.Receivers;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents one receiver with one number of connections.</summary>
internal readonly record struct ComparisonCase(string Receiver, int Connections)
{
    // The warm-up is a third of the bytes. By then, the runtime has recompiled the hot code, and TCP has opened its windows.
    private const int WarmUpPart = 3;

    public ReceiverKind Kind => ReceiverKind.Find(Receiver)!;

    /// <summary>
    /// Returns the number of bytes that each connection carries. It is a number of whole frames, and the same for all connections.
    /// </summary>
    public long BytesPerConnection(long volume) => long.Max((long)(volume * Kind.VolumeShare) / Connections / Payload.FrameLength, 1) * Payload.FrameLength;

    public long TotalBytes(long volume) => BytesPerConnection(volume) * Connections;

    /// <summary>
    /// Returns the number of bytes that are a warm-up. This is the receiver's share of <paramref name="warmUp"/>, or a third of the
    /// receiver's bytes if that is null.
    /// </summary>
    public long WarmUpBytes(long volume, long? warmUp) =>
        warmUp is { } bytes ? (long)(bytes * Kind.VolumeShare) : TotalBytes(volume) / WarmUpPart;
}
