namespace Zcrx.Interop.Kernel;

/// <summary>
/// Represents a kernel that does not pin areas. The memory of their free buffers can be given back to the operating system.
/// </summary>
/// <remarks>A kernel with zcrx cannot do this. It pins an area until the queue is closed.</remarks>
internal interface IAreaMemory
{
    /// <summary>Gives the memory of unused areas back to the operating system. An area is unused if all its buffers are free. The first
    /// area always keeps its memory. The areas stay registered, and get new memory when a buffer is filled.</summary>
    /// <param name="ringFd">The descriptor of the ring. Must be called on the thread of the ring.</param>
    /// <param name="queue">The id of the queue in the ring.</param>
    /// <returns>The number of areas whose memory was given back; a negative errno when there is no such ring or queue.</returns>
    int Trim(int ringFd, uint queue);
}
