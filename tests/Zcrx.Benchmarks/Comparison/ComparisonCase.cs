using Zcrx.Benchmarks.Receivers;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents one receiver with one number of connections.</summary>
internal readonly record struct ComparisonCase(string Receiver, int Connections)
{
    // The warm-up is a third of the bytes. That is enough for the runtime to recompile hot code, and for TCP to open its windows.
    private const int WarmUpPart = 3;

    public ReceiverKind Kind => ReceiverKind.Find(Receiver)!;

    /// <summary>Returns the number of bytes that each connection carries: whole frames, and the same for all connections.</summary>
    public long BytesPerConnection(long volume) => long.Max((long)(volume * Kind.VolumeShare) / Connections / Payload.FrameLength, 1) * Payload.FrameLength;

    public long TotalBytes(long volume) => BytesPerConnection(volume) * Connections;

    /// <summary>
    /// Returns the number of bytes that only warm up: <paramref name="warmUp"/>, reduced for slow receivers; by
    /// default a third of all bytes.
    /// </summary>
    public long WarmUpBytes(long volume, long? warmUp) =>
        warmUp is { } bytes ? (long)(bytes * Kind.VolumeShare) : TotalBytes(volume) / WarmUpPart;
}
