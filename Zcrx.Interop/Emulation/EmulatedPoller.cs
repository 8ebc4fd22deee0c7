using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents a ring's epoll instance, which reports the requests whose files are ready.</summary>
internal sealed unsafe class EmulatedPoller : IDisposable
{
    // The number of events that are served before new ones are fetched.
    private const int Capacity = 64;

    // struct epoll_event is packed on x86-64 only (eventpoll.h), so there its 8 data bytes follow the 4 event bytes at once.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Stride = DataOffset + sizeof(ulong);

    private readonly byte* _events;
    private int _fd;
    private int _count;
    private int _next;

    public EmulatedPoller()
    {
        _fd = SocketCalls.EpollCreate();
        _events = (byte*)NativeMemory.AllocZeroed((nuint)(Capacity * Stride));
    }

    /// <summary>Gets zero, or a negative errno when the epoll instance could not be created.</summary>
    public int Status => int.Min(_fd, 0);

    public int Add(int fd, uint events, ulong data) => Control(SocketCalls.EPOLL_CTL_ADD, fd, events, data);

    public void Modify(int fd, uint events, ulong data) => _ = Control(SocketCalls.EPOLL_CTL_MOD, fd, events, data);

    public void Remove(int fd)
    {
        byte* unused = stackalloc byte[16];
        _ = SocketCalls.EpollControl(_fd, SocketCalls.EPOLL_CTL_DEL, fd, unused);
    }

    /// <summary>Gets a value indicating whether events of the last wait were not taken yet.</summary>
    public bool HasEvents => _next < _count;

    /// <summary>Waits for readiness when no events are left. Returns the number of events or a negative errno.</summary>
    /// <param name="milliseconds">The timeout; −1 for none.</param>
    public int Wait(int milliseconds)
    {
        int result = SocketCalls.EpollWait(_fd, _events, Capacity, milliseconds);
        _next = 0;
        _count = int.Max(result, 0);
        return result;
    }

    /// <summary>Takes the next event of the last wait.</summary>
    public bool TryTake(out ulong data, out uint events)
    {
        if (!HasEvents)
        {
            data = 0;
            events = 0;
            return false;
        }

        byte* entry = _events + (_next++ * Stride);
        events = Unsafe.ReadUnaligned<uint>(entry);
        data = Unsafe.ReadUnaligned<ulong>(entry + DataOffset);
        return true;
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.Close(fd);
            NativeMemory.Free(_events);
        }
    }

    private int Control(int operation, int fd, uint events, ulong data)
    {
        byte* entry = stackalloc byte[16];
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, data);
        return SocketCalls.EpollControl(_fd, operation, fd, entry);
    }
}
