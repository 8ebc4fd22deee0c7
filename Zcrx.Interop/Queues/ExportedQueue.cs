namespace Zcrx.Interop;

/// <summary>A descriptor that keeps an interface queue alive by itself, whatever happens to its ring, and the memory that it receives into.</summary>
/// <remarks>Owned by whoever has it; dispose it to let the queue go. Usable from any thread.</remarks>
public sealed class ExportedQueue : IDisposable
{
    private int _fd;

    internal ExportedQueue(IIoUringKernel kernel, int fd, QueueMemory memory)
    {
        Kernel = kernel;
        Memory = memory;
        _fd = fd;
        memory.AddOwner();
    }

    /// <summary>The kernel that the descriptor belongs to.</summary>
    public IIoUringKernel Kernel { get; }

    internal QueueMemory Memory { get; }

    /// <summary>The descriptor; close-on-exec.</summary>
    /// <exception cref="ObjectDisposedException">It has been closed.</exception>
    public int Fd
    {
        get
        {
            int fd = Volatile.Read(ref _fd);
            ObjectDisposedException.ThrowIf(fd < 0, this);
            return fd;
        }
    }

    /// <summary>Closes the descriptor; the queue goes when nothing else holds it.</summary>
    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Kernel.Close(fd);
            Memory.Release();
        }
    }
}
