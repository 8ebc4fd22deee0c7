namespace ClusterIngest;

/// <summary>Contains what the demo sends.</summary>
/// <param name="Connections">The number of connections.</param>
/// <param name="Frames">The number of frames of each connection.</param>
/// <param name="Length">The number of bytes of a frame.</param>
/// <param name="FramesPerSecond">The pace of each connection; 0 for as fast as possible.</param>
/// <param name="EntityDelay">How long an entity takes for a chunk of frames.</param>
/// <param name="StableAfter">How long a partition must last before the split-brain resolver decides.</param>
/// <param name="Partition">The partition; null for none.</param>
internal sealed record DemoOptions(int Connections, int Frames, int Length, int FramesPerSecond, TimeSpan EntityDelay, TimeSpan StableAfter, PartitionOptions? Partition)
{
    public long TotalFrames => (long)Connections * Frames;
}
