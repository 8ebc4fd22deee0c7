namespace Zcrx.Interop;

/// <summary>A descriptor that keeps an interface queue alive by itself, whatever happens to its ring, and the memory that it receives into.</summary>
/// <remarks>Owned by whoever has it; dispose it to let the queue go. Usable from any thread.</remarks>
public sealed class ExportedQueue : IDisposable
{
    private readonly int _fd;
    // Whoever has it, and imports that are under way.
    private int _users = 1;
    private int _isDisposed;

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
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
            return _fd;
        }
    }

    /// <summary>Closes the descriptor; the queue goes when nothing else holds it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            LetGo();
        }
    }

    /// <summary>Keeps the descriptor open, also when it is disposed meanwhile: an import names it by its number.</summary>
    /// <exception cref="ObjectDisposedException">It has been closed.</exception>
    internal void Hold()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        int users = Volatile.Read(ref _users);
        while (true)
        {
            ObjectDisposedException.ThrowIf(users == 0, this);
            int before = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (before == users)
            {
                return;
            }

            users = before;
        }
    }

    /// <summary>Takes one <see cref="Hold"/> back.</summary>
    internal void LetGo()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _ = Kernel.Close(_fd);
            Memory.Release();
        }
    }
}
