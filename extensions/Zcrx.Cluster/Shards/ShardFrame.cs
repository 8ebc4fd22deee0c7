namespace Zcrx.Cluster;

/// <summary>Represents one frame of a <see cref="FrameChunk"/>.</summary>
/// <param name="Sequence">The number of the frame. The frames from one source to one partition are numbered from 0.</param>
/// <param name="Memory">The bytes.</param>
public readonly record struct ShardFrame(long Sequence, ReadOnlyMemory<byte> Memory);
