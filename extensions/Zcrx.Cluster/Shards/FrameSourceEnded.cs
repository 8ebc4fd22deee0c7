namespace Zcrx.Cluster;

/// <summary>
/// Informs an entity that a source has ended and that all frames of the source are acknowledged. The message needs no answer and may be
/// lost. Immutable.
/// </summary>
/// <param name="Source">The identity of the source, which <see cref="FrameInbox.Forget"/> marks as ended.</param>
/// <param name="Partition">The number of the entity's partition.</param>
public sealed record FrameSourceEnded(Guid Source, int Partition);
