using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Fuzz.Targets;

/// <summary>Represents a kernel that performs the steps of an input. After the last step, it ends all requests.</summary>
internal sealed unsafe class HostileKernel(FuzzInput input) : UserSideKernel
{
    private static readonly int[] Errors =
    [
        -Errno.ENOMEM, -Errno.ENOSPC, -Errno.ECANCELED, -Errno.EFAULT, -Errno.EBADF, -Errno.EINVAL, -Errno.ECONNRESET, 0, 1, int.MaxValue, int.MinValue, -Errno.ETIME, -Errno.EINTR, -Errno.EBUSY, -Errno.EBADR,
    ];

    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ulong> _requests = [];
    private volatile bool _hasBegun;
    private bool _isOver;
    private ulong _next;

    public override string Description => "hostile";

    /// <summary>Gets a task that completes after the last step, when the queue has entered the ring again or has closed it.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Starts to perform the steps of the input. The test calls it when the connections are attached.</summary>
    public void Begin() => _hasBegun = true;

    public override int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        if (_isOver)
        {
            _finished.TrySetResult();
        }

        ConsumeRefill();
        for (uint i = 0; i < toSubmit; i++)
        {
            Take(Submission());
        }

        if (!_hasBegun)
        {
            Thread.Yield();
            return (int)toSubmit;
        }

        while (!input.IsEmpty)
        {
            if (Act() is not { } result)
            {
                continue;
            }

            if (result == -Errno.EBADF)
            {
                // After EBADF, the library assumes that the ring is closed already. This kernel therefore closes the ring itself.
                _ = Close(ringFd);
            }

            return result;
        }

        _isOver = true;
        Thread.Yield();
        return (int)toSubmit;
    }

    public override int Close(int fd)
    {
        // A queue that has failed closes the ring and does not enter it again.
        _finished.TrySetResult();
        return base.Close(fd);
    }

    public override void ConsumeRefill() => Volatile.Write(ref *RefillHead, Volatile.Read(ref *RefillTail));

    /// <summary>Performs the next step of the input.</summary>
    /// <returns>The result of the call if this step ends the call, or null.</returns>
    private int? Act()
    {
        switch (input.Byte() % 10)
        {
            case 0:
                Complete(Request(), input.UInt16(), IORING_CQE_F_MORE, InArea());
                return null;
            case 1:
                Complete(Request(), Errors[input.Below(Errors.Length)], 0, InArea());
                return null;
            case 2:
                Complete(Request() ^ (1UL << input.Below(64)), Harmless(Errors[input.Below(Errors.Length)]), input.Byte() % 2u == 0 ? IORING_CQE_F_MORE : 0, InArea());
                return null;
            case 3:
                Complete(input.UInt64(), Harmless((int)input.UInt32()), input.UInt32(), input.UInt64());
                return null;
            case 4:
                Volatile.Write(ref *CompletionTail, *CompletionTail + input.UInt32());
                return null;
            case 5:
                Volatile.Write(ref *(uint*)(Ring + Parameters.cq_off.overflow), input.Byte());
                return null;
            case 6:
                return Errors[input.Below(Errors.Length)];
            case 7:
                Volatile.Write(ref *RefillHead, input.UInt32());
                return 0;
            case 8:
                Volatile.Write(ref *(uint*)(Ring + Parameters.sq_off.flags), input.Byte());
                return null;
            default:
                return 0;
        }
    }

    private ulong Request() => _requests.Count == 0 ? 0 : _requests[input.Below(_requests.Count)];

    /// <summary>Returns an offset in the area. Usually, this is the offset of the next buffer.</summary>
    private ulong InArea()
    {
        byte form = input.Byte();
        return form < 128 ? _next++ % 8 * (ulong)Environment.SystemPageSize : input.UInt64() >> (form & 63);
    }

    /// <summary>Replaces a result that could be a descriptor number by an error.</summary>
    private static int Harmless(int result) => result >= 0 ? -Errno.EIO : result;

    private void Take(in io_uring_sqe entry)
    {
        if (entry.opcode == IORING_OP_ASYNC_CANCEL)
        {
            Complete(entry.user_data, 0, 0, 0);
            Complete(entry.addr, -Errno.ECANCELED, 0, 0);
        }
        else if (UserData.Decode(entry.user_data).Kind == RequestKind.Receive && !_requests.Contains(entry.user_data))
        {
            _requests.Add(entry.user_data);
        }
    }

    private void Complete(ulong userData, int result, uint flags, ulong offset)
    {
        uint* tail = CompletionTail;
        uint position = *tail & (Parameters.cq_entries - 1);
        io_uring_cqe* entry = (io_uring_cqe*)(Ring + Parameters.cq_off.cqes + (position * CompletionQueue.EntrySize));
        entry->user_data = userData;
        entry->res = result;
        entry->flags = flags;
        ((io_uring_zcrx_cqe*)(entry + 1))->off = offset;
        Volatile.Write(ref *tail, *tail + 1);
    }
}
