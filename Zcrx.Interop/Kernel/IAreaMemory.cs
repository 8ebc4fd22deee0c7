namespace Zcrx.Interop.Kernel;

/// <summary>
/// Represents a kernel that does not pin the memory of areas, so that the memory of free buffers can be given back to the machine.
/// </summary>
/// <remarks>A kernel with zcrx pins areas until the queue is closed, and has no operation that removes an area.</remarks>
internal interface IAreaMemory
{
    /// <summary>Gives back the memory of each area whose buffers are all free, except the first area. The areas stay registered: the kernel
    /// allocates memory again when it fills a buffer.</summary>
    /// <param name="ringFd">The ring. Must be called on its thread.</param>
    /// <param name="queue">The id of the queue.</param>
    /// <returns>The number of areas whose memory was given back; a negative errno when there is no such ring or queue.</returns>
    int Trim(int ringFd, uint queue);
}
