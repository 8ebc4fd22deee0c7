namespace ClusterIngest;

/// <summary>Represents the options of the demo.</summary>
/// <param name="Connections">The number of connections.</param>
/// <param name="Frames">The number of frames of each connection.</param>
/// <param name="Length">The number of bytes of a frame.</param>
/// <param name="FramesPerSecond">The rate of each connection; 0 for as fast as possible.</param>
/// <param name="EntityDelay">The time that an entity spends on each chunk of frames.</param>
/// <param name="StableAfter">How long a partition must last before the split-brain resolver decides.</param>
/// <param name="Partition">The network partition; null for none.</param>
/// <param name="Takeover">Whether a second edge takes over from the first one.</param>
internal sealed record DemoOptions(int Connections, int Frames, int Length, int FramesPerSecond, TimeSpan EntityDelay, TimeSpan StableAfter, PartitionOptions? Partition, bool Takeover)
{
    public long TotalFrames => (long)Connections * Frames;

    /// <summary>Gets the number of connections that are opened at the start. With a takeover, the others are opened after it.</summary>
    public int ConnectionsAtStart => Takeover ? (Connections + 1) / 2 : Connections;
}
