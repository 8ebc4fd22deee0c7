using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>A ring's epoll instance: which requests' files are ready.</summary>
internal sealed unsafe class EmulatedPoller : IDisposable
{
    private const int Capacity = 256;

    // struct epoll_event is packed on x86-64 only (eventpoll.h), so there its 8 data bytes follow the 4 event bytes at once.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Stride = DataOffset + sizeof(ulong);

    private readonly byte* _events;
    private int _fd;

    public EmulatedPoller()
    {
        _fd = SocketCalls.EpollCreate();
        _events = (byte*)NativeMemory.AllocZeroed((nuint)(Capacity * Stride));
    }

    /// <summary>Whether the epoll instance could be made; else its negative errno.</summary>
    public int Status => int.Min(_fd, 0);

    public int Add(int fd, uint events, ulong data) => Control(SocketCalls.EPOLL_CTL_ADD, fd, events, data);

    public void Modify(int fd, uint events, ulong data) => _ = Control(SocketCalls.EPOLL_CTL_MOD, fd, events, data);

    public void Remove(int fd)
    {
        byte* unused = stackalloc byte[16];
        _ = SocketCalls.EpollControl(_fd, SocketCalls.EPOLL_CTL_DEL, fd, unused);
    }

    /// <summary>Waits for readiness; the number of events or a negative errno.</summary>
    /// <param name="milliseconds">−1 without limit.</param>
    public int Wait(int milliseconds) => SocketCalls.EpollWait(_fd, _events, Capacity, milliseconds);

    public ulong Data(int index) => Unsafe.ReadUnaligned<ulong>(_events + (index * Stride) + DataOffset);

    public uint Events(int index) => Unsafe.ReadUnaligned<uint>(_events + (index * Stride));

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
