using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents a ring's epoll instances, which report the requests whose files are ready.</summary>
/// <remarks>
/// An epoll instance accepts each descriptor once. POLL_ADD requests are therefore watched by a second instance, nested in the first. A
/// socket can thus have a receive and a poll without a second descriptor.
/// </remarks>
internal sealed unsafe class EmulatedPoller : IDisposable
{
    // The largest number of events that a call of epoll returns.
    private const int Capacity = 64;

    // On x86-64, struct epoll_event is packed: its 8 data bytes follow the 4 event bytes without padding (eventpoll.h).
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Stride = DataOffset + sizeof(ulong);

    // The tag of the nested instance. It is larger than the tag of any request.
    private const ulong Polls = ulong.MaxValue - 1;

    private readonly byte* _events;
    private int _fd;
    private readonly int _polls;
    private int _count;
    private int _next;

    public EmulatedPoller()
    {
        _fd = SocketCalls.EpollCreate();
        _polls = _fd < 0 ? _fd : Nest(_fd);
        _events = (byte*)NativeMemory.AllocZeroed((nuint)(2 * Capacity * Stride));
    }

    /// <summary>Gets zero, or the negative errno with which the creation of the epoll instances failed.</summary>
    public int Status => int.Min(_polls, 0);

    public int Add(int fd, uint events, ulong data, bool isPoll = false) => Control(isPoll ? _polls : _fd, SocketCalls.EPOLL_CTL_ADD, fd, events, data);

    public void Modify(int fd, uint events, ulong data) => _ = Control(_fd, SocketCalls.EPOLL_CTL_MOD, fd, events, data);

    public int Remove(int fd, bool isPoll)
    {
        byte* unused = stackalloc byte[16];
        return SocketCalls.EpollControl(isPoll ? _polls : _fd, SocketCalls.EPOLL_CTL_DEL, fd, unused);
    }

    /// <summary>Gets a value indicating whether <see cref="TryTake"/> can return another event of the last wait.</summary>
    public bool HasEvents => _next < _count;

    /// <summary>
    /// Waits until files are ready. Call it only when <see cref="HasEvents"/> is false. Returns the number of events or a negative errno.
    /// </summary>
    /// <param name="milliseconds">The timeout; −1 for none.</param>
    public int Wait(int milliseconds)
    {
        int result = SocketCalls.EpollWait(_fd, _events, Capacity, milliseconds);
        _next = 0;
        _count = int.Max(result, 0);
        for (int i = 0; i < _count; i++)
        {
            if (DataOf(i) == Polls)
            {
                // A request may end before its event is taken. Its tag then matches no request, and the event is ignored.
                ReplaceByPolls(i);
                break;
            }
        }

        return int.Max(_count, int.Min(result, 0));
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

        events = Unsafe.ReadUnaligned<uint>(_events + (_next * Stride));
        data = DataOf(_next++);
        return true;
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.Close(fd);
            if (_polls >= 0)
            {
                _ = Libc.Close(_polls);
            }

            NativeMemory.Free(_events);
        }
    }

    /// <summary>Replaces the event of the nested instance by the events of the ready polls. The last event moves into the gap.</summary>
    private void ReplaceByPolls(int index)
    {
        int polls = int.Max(SocketCalls.EpollWait(_polls, _events + (_count * Stride), Capacity, 0), 0);
        _count += polls - 1;
        if (index < _count)
        {
            Unsafe.CopyBlockUnaligned(_events + (index * Stride), _events + (_count * Stride), (uint)Stride);
        }
    }

    /// <summary>Creates an epoll instance and watches it in another one. Returns its descriptor or a negative errno.</summary>
    private static int Nest(int outer)
    {
        int inner = SocketCalls.EpollCreate();
        int result = inner < 0 ? inner : Control(outer, SocketCalls.EPOLL_CTL_ADD, inner, SocketCalls.EPOLLIN, Polls);
        if (result < 0 && inner >= 0)
        {
            _ = Libc.Close(inner);
        }

        return result < 0 ? result : inner;
    }

    private ulong DataOf(int index) => Unsafe.ReadUnaligned<ulong>(_events + (index * Stride) + DataOffset);

    private static int Control(int epoll, int operation, int fd, uint events, ulong data)
    {
        byte* entry = stackalloc byte[16];
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, data);
        return SocketCalls.EpollControl(epoll, operation, fd, entry);
    }
}
