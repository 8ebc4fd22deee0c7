namespace Zcrx.Cluster;

/// <summary>Represents one frame of a <see cref="FrameChunk"/>.</summary>
/// <param name="Sequence">The number of the frame. Each source numbers its frames to a partition from 0.</param>
/// <param name="Memory">The bytes of the frame.</param>
public readonly record struct ShardFrame(long Sequence, ReadOnlyMemory<byte> Memory);
