namespace Zcrx.Interop;

/// <summary>Represents an exported interface queue. Its descriptor keeps the queue and its memory alive without a ring.</summary>
/// <remarks>Threading: all members from any thread. The component that receives the export must dispose it.</remarks>
public sealed class ExportedQueue : IDisposable
{
    private readonly int _fd;
    // One reference for the owner of this object, and one for each import in progress.
    private int _references = 1;
    private int _isDisposed;

    internal ExportedQueue(IIoUringKernel kernel, int fd, QueueMemory memory)
    {
        Kernel = kernel;
        Memory = memory;
        _fd = fd;
        memory.AddOwner();
    }

    /// <summary>Gets the kernel that the descriptor belongs to.</summary>
    public IIoUringKernel Kernel { get; }

    internal QueueMemory Memory { get; }

    /// <summary>Gets the descriptor. It is close-on-exec.</summary>
    /// <exception cref="ObjectDisposedException">The descriptor is closed.</exception>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
            return _fd;
        }
    }

    /// <summary>Closes the descriptor. The kernel frees the queue when no ring and no other export uses it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            RemoveReference();
        }
    }

    /// <summary>Keeps the descriptor open until the returned reference is disposed, even if the export is disposed first.</summary>
    /// <remarks>
    /// An import passes the descriptor's number to the kernel. Until the import has ended, the number must not belong to another file.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The export is disposed.</exception>
    internal Reference AddReference()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        int references = Volatile.Read(ref _references);
        while (true)
        {
            ObjectDisposedException.ThrowIf(references == 0, this);
            int before = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (before == references)
            {
                return new Reference(this);
            }

            references = before;
        }
    }

    private void RemoveReference()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _ = Kernel.Close(_fd);
            Memory.Release();
        }
    }

    /// <summary>Keeps the descriptor of an export open until it is disposed. Only the first disposal has an effect. Any thread.</summary>
    internal sealed class Reference(ExportedQueue export) : IDisposable
    {
        private int _isDisposed;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                export.RemoveReference();
            }
        }
    }
}
