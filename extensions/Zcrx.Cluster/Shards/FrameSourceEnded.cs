namespace Zcrx.Cluster;

/// <summary>
/// Represents a message to an entity which states that a source has ended and all its frames are acknowledged. It needs no answer and may
/// be lost. Immutable.
/// </summary>
/// <param name="Source">The identity of the source, which <see cref="FrameInbox.Forget"/> marks as ended.</param>
/// <param name="Partition">The number of the entity's partition.</param>
public sealed record FrameSourceEnded(Guid Source, int Partition);
