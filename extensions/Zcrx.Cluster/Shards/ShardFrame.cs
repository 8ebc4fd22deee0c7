namespace Zcrx.Cluster;

/// <summary>Represents one frame of a <see cref="FrameChunk"/>.</summary>
/// <param name="Sequence">The number of the frame among those of its source to its partition.</param>
/// <param name="Memory">The bytes.</param>
public readonly record struct ShardFrame(long Sequence, ReadOnlyMemory<byte> Memory);
