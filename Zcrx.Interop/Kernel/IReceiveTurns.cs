namespace Zcrx.Interop.Kernel;

/// <summary>
/// Represents a kernel that copies received bytes in turns. After a short turn, its bytes are still in the processor's cache.
/// </summary>
internal interface IReceiveTurns
{
    /// <summary>Limits the buffers that the next turns of a ring fill. Does nothing when there is no such ring.</summary>
    /// <param name="ringFd">The descriptor of the ring. Must be called on the thread of the ring.</param>
    /// <param name="buffers">The largest number of buffers. The kernel's options may set a lower limit.</param>
    void Limit(int ringFd, int buffers);
}
