using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>One receiver with one number of connections.</summary>
internal readonly record struct ComparisonCase(string Receiver, int Connections)
{
    // A third: enough for the runtime to have recompiled what is hot, and for TCP to have opened its windows.
    private const int WarmUpPart = 3;

    public ReceiverKind Kind => ReceiverKind.Find(Receiver)!;

    /// <summary>Returns the number of bytes that each connection carries. It is the same for all connections.</summary>
    public long BytesPerConnection(long volume) => long.Max((long)(volume * Kind.VolumeShare) / Connections, 1);

    public long TotalBytes(long volume) => BytesPerConnection(volume) * Connections;

    public long WarmUpBytes(long volume) => TotalBytes(volume) / WarmUpPart;
}
