namespace Zcrx.Cluster;

/// <summary>Tells an entity that a source has ended and that all its frames are acknowledged. It needs no answer and can be lost. Immutable.</summary>
/// <param name="Source">The source, which <see cref="FrameInbox.Forget"/> removes.</param>
/// <param name="Partition">The partition.</param>
public sealed record FrameSourceEnded(Guid Source, int Partition);
