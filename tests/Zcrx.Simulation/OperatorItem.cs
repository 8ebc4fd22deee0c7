namespace Zcrx.Simulation;

/// <summary>Represents a buffer or a frame that a stream has passed to an operator.</summary>
/// <param name="Offset">The position in the stream.</param>
/// <param name="Length">The number of bytes.</param>
/// <param name="Queue">The queue that delivered the item; null if its ring thread had ended.</param>
/// <param name="MostBuffers">The maximum number of buffers that the lease of the item holds.</param>
internal sealed record OperatorItem(long Offset, long Length, SimulatedQueue? Queue, int MostBuffers)
{
    public long End => Offset + Length;
}
