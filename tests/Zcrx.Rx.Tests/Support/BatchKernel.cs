using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents a kernel without sockets. The test determines the completions of a turn, and sees which buffers return.</summary>
/// <remarks>
/// As on a NIC, several completions share a buffer, and each needs its own return. Waits are short, so that the ring thread soon handles a
/// new batch.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's handle is never created.")]
internal sealed unsafe class BatchKernel : UserSideKernel
{
    /// <summary>The maximum number of bytes of one completion. Several completions fit into a buffer.</summary>
    public const int PieceLength = 512;

    private static readonly TimeSpan IdleTurn = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentQueue<Batch> _batches = new();
    private readonly SemaphoreSlim _posted = new(0);
    private readonly List<ulong> _requests = [];
    private readonly List<ulong> _returned = [];
    private Batch? _current;

    public override string Description => "batches";

    /// <summary>Gets or sets a value that indicates whether the kernel consumes no refill entries.</summary>
    public bool HoldsRefill { get; set; }

    /// <summary>Gets the user data of the submitted receives, in order. A receive that is reissued is listed once.</summary>
    public IReadOnlyList<ulong> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Gets the offsets in the refill entries that the kernel has consumed, in order.</summary>
    public IReadOnlyList<ulong> Returned
    {
        get
        {
            lock (_returned)
            {
                return [.. _returned];
            }
        }
    }

    /// <summary>Posts completions with received data, all in one turn. The task completes when the ring thread has handled them.</summary>
    public Task PostAsync(IEnumerable<(ulong Request, ulong Offset, int Length)> data)
    {
        Batch batch = new([.. data]);
        _batches.Enqueue(batch);
        _posted.Release();
        return batch.WorkedOff.Task.Within("the ring thread handles the batch");
    }

    public override int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        // Consumes the published entries without a flush, as the page pool of a NIC does.
        ConsumeRefill();
        _current?.WorkedOff.TrySetResult();
        _current = null;
        for (uint i = 0; i < toSubmit; i++)
        {
            Take(Submission());
        }

        if (_posted.Wait(toSubmit > 0 ? TimeSpan.Zero : IdleTurn) && _batches.TryDequeue(out _current))
        {
            foreach ((ulong request, ulong offset, int length) in _current.Data)
            {
                Complete(request, length, IORING_CQE_F_MORE, offset);
            }
        }

        return (int)toSubmit;
    }

    private void Take(in io_uring_sqe entry)
    {
        if (entry.opcode == IORING_OP_ASYNC_CANCEL)
        {
            Complete(entry.user_data, 0, 0, 0);
            Complete(entry.addr, -Errno.ECANCELED, 0, 0);
        }
        else if (entry.opcode == IORING_OP_RECV_ZC)
        {
            lock (_requests)
            {
                if (!_requests.Contains(entry.user_data))
                {
                    _requests.Add(entry.user_data);
                }
            }
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

    public override void ConsumeRefill()
    {
        if (HoldsRefill)
        {
            return;
        }

        uint* head = RefillHead;
        uint tail = Volatile.Read(ref *RefillTail);
        lock (_returned)
        {
            for (; *head != tail; Volatile.Write(ref *head, *head + 1))
            {
                _returned.Add(((io_uring_zcrx_rqe*)(RefillRegion + RefillOffsets.rqes))[*head & (RefillEntries - 1)].off);
            }
        }
    }

    private sealed record Batch((ulong Request, ulong Offset, int Length)[] Data)
    {
        public TaskCompletionSource WorkedOff { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
