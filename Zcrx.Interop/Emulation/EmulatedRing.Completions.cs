using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <content>The completion queue: what is posted, in order, and what waits while there is no room.</content>
internal sealed unsafe partial class EmulatedRing
{
    private readonly Queue<OverflownCompletion> _overflow = new();
    private uint _completionTail;

    private uint CompletionsReady => _completionTail - Volatile.Read(ref *(uint*)(_ring + CqHead));

    private uint CompletionSpace
    {
        get
        {
            uint used = CompletionsReady;
            // A head that user space moved past the tail makes no sense; then there is no room.
            return used > _completionEntries ? 0 : _completionEntries - used;
        }
    }

    /// <summary>How many completions with data can be posted; none while older completions wait in the overflow list, as that would break their order.</summary>
    private uint DataSpace
    {
        get
        {
            uint space = _overflow.Count > 0 ? 0 : CompletionSpace;
            if (!_isMixed)
            {
                return space;
            }

            // Two slots each, and none across the end of the ring.
            uint untilEnd = uint.Min(space, _completionEntries - (_completionTail & (_completionEntries - 1)));
            return (untilEnd / 2) + ((space - untilEnd) / 2);
        }
    }

    /// <summary>Posts a notification of an interface queue; called on this ring's thread or, for an importer's traffic, on another.</summary>
    public void PostFromQueue(ulong userData, int type)
    {
        if (IsIssuer)
        {
            Post(userData, type, 0);
            return;
        }

        lock (_remote)
        {
            _remote.Enqueue(new OverflownCompletion(userData, type, 0));
        }

        ulong one = 1;
        _ = Libc.Write(_remoteSignal, &one, sizeof(ulong));
    }

    /// <summary>Posts a completion; when the ring is full it waits in the overflow list and is never lost.</summary>
    private void Post(ulong userData, int result, uint flags)
    {
        if (_overflow.Count > 0 || CompletionSpace == 0)
        {
            _overflow.Enqueue(new OverflownCompletion(userData, result, flags));
            uint* ringFlags = (uint*)(_ring + SqFlags);
            Volatile.Write(ref *ringFlags, *ringFlags | IORING_SQ_CQ_OVERFLOW);
            return;
        }

        *Next() = new io_uring_cqe { user_data = userData, res = result, flags = flags };
    }

    /// <summary>Posts a completion with data; only as many as <see cref="DataSpace"/> said.</summary>
    private void PostData(ulong userData, int length, ulong bufferOffset)
    {
        uint flags = IORING_CQE_F_MORE;
        if (_isMixed)
        {
            flags |= IORING_CQE_F_32;
            if ((_completionTail & (_completionEntries - 1)) == _completionEntries - 1)
            {
                // A large entry does not wrap round; the last slot is filled up.
                *Next() = new io_uring_cqe { flags = IORING_CQE_F_SKIP };
            }
        }

        io_uring_cqe* entry = Next();
        *entry = new io_uring_cqe { user_data = userData, res = length, flags = flags };
        *(io_uring_zcrx_cqe*)(entry + 1) = new io_uring_zcrx_cqe { off = bufferOffset };
        if (_isMixed)
        {
            _completionTail++;
        }
    }

    private io_uring_cqe* Next() =>
        (io_uring_cqe*)(_completions + ((nuint)(_completionTail++ & (_completionEntries - 1)) * (nuint)_completionSize));

    // Release: entries before the tail that covers them.
    private void PublishCompletions() => Volatile.Write(ref *(uint*)(_ring + CqTail), _completionTail);

    private void FlushOverflow()
    {
        while (_overflow.Count > 0 && CompletionSpace > 0)
        {
            OverflownCompletion completion = _overflow.Dequeue();
            *Next() = new io_uring_cqe { user_data = completion.UserData, res = completion.Result, flags = completion.Flags };
        }

        if (_overflow.Count == 0)
        {
            uint* ringFlags = (uint*)(_ring + SqFlags);
            if (*ringFlags != 0)
            {
                Volatile.Write(ref *ringFlags, *ringFlags & ~IORING_SQ_CQ_OVERFLOW);
            }
        }
    }

    private readonly record struct OverflownCompletion(ulong UserData, int Result, uint Flags);
}
