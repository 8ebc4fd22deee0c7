namespace Zcrx.Interop.Kernel;

/// <summary>
/// Represents a kernel that can return the memory of free buffers to the operating system, because it does not pin areas.
/// </summary>
/// <remarks>A kernel with zcrx cannot do this. It pins an area until the queue is closed.</remarks>
internal interface IAreaMemory
{
    /// <summary>Returns the memory of each area whose buffers are all free to the operating system. The first area always keeps its memory.
    /// The areas stay registered. They get new memory when a buffer is filled.</summary>
    /// <param name="ringFd">The descriptor of the ring. Must be called on the thread of the ring.</param>
    /// <param name="queue">The id of the queue in the ring.</param>
    /// <returns>The number of areas whose memory was returned; a negative errno when there is no such ring or queue.</returns>
    int Trim(int ringFd, uint queue);
}
