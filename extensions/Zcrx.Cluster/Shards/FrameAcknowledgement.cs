namespace Zcrx.Cluster;

/// <summary>
/// Acknowledges frames that one source has sent to one partition. <see cref="FrameInbox.Acknowledge"/> creates it. Immutable.
/// </summary>
/// <param name="Source">The identity of the stream that sends the frames.</param>
/// <param name="Partition">The number of the partition.</param>
/// <param name="NextSequence">The number of the next frame that the entity expects. All frames before it are acknowledged.</param>
public sealed record FrameAcknowledgement(Guid Source, int Partition, long NextSequence);
