namespace Zcrx.Cluster;

/// <summary>Acknowledges frames of one source to one partition. Created by <see cref="FrameInbox.Acknowledge"/>. Immutable.</summary>
/// <param name="Source">The source of the frames.</param>
/// <param name="Partition">The partition.</param>
/// <param name="NextSequence">The number of the next frame that the entity expects. All earlier frames are acknowledged.</param>
public sealed record FrameAcknowledgement(Guid Source, int Partition, long NextSequence);
