namespace Zcrx.Cluster;

/// <summary>
/// Informs an entity that a source has ended and that all its frames are acknowledged. The message needs no
/// answer and may be lost. Immutable.
/// </summary>
/// <param name="Source">The source, which <see cref="FrameInbox.Forget"/> marks as ended.</param>
/// <param name="Partition">The partition.</param>
public sealed record FrameSourceEnded(Guid Source, int Partition);
