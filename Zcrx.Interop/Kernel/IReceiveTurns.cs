namespace Zcrx.Interop.Kernel;

/// <summary>Represents a kernel whose receives copy, so that the length of a turn decides whether the bytes are still in the cache later.</summary>
internal interface IReceiveTurns
{
    /// <summary>Limits the buffers that the next turns of a ring fill. Does nothing when there is no such ring.</summary>
    /// <param name="ringFd">The ring. Must be called on its thread.</param>
    /// <param name="buffers">The largest number of buffers. The options of the kernel may set a smaller one.</param>
    void Limit(int ringFd, int buffers);
}
