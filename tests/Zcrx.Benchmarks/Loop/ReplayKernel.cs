using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Tests.Support;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Represents a kernel that costs almost nothing, so that benchmarks measure user space alone. It fills its completion ring once. To
/// deliver a batch, it only advances the tail.
/// </summary>
internal sealed unsafe class ReplayKernel : UserSideKernel, IDisposable
{
    /// <summary>The number of completions in one batch.</summary>
    public const int BatchLength = 512;

    private const int BufferLength = 4096;
    private static readonly TimeSpan IdleTurn = TimeSpan.FromMilliseconds(1);

    private readonly List<ulong> _receives = [];
    private readonly SemaphoreSlim _start = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private uint _completionTail;
    private int _batches;
    private long _posted;
    private long _returned;

    public override string Description => "replay";

    /// <summary>Gets the number of receives that were submitted.</summary>
    public int Receives
    {
        get
        {
            lock (_receives)
            {
                return _receives.Count;
            }
        }
    }

    /// <summary>
    /// Delivers one batch if one is due. Otherwise waits briefly, so that the ring thread can run posted work. Signals when all batches are
    /// done.
    /// </summary>
    public override int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        int submitted = toSubmit > 0 ? TakeSubmissions(toSubmit) : 0;
        if (_batches == 0)
        {
            _start.Wait(IdleTurn);
        }
        else if (--_batches == 0)
        {
            _done.Release();
        }
        else
        {
            PostBatch();
        }

        return submitted;
    }

    /// <summary>Returns a loop that reads and writes this kernel's rings without the product's code.</summary>
    public BareRings Rings(ISink sink) => new(
        (io_uring_cqe*)(Ring + Parameters.cq_off.cqes),
        (uint*)(Ring + Parameters.cq_off.head),
        CompletionTail,
        Parameters.cq_entries,
        (io_uring_zcrx_rqe*)(RefillRegion + RefillOffsets.rqes),
        RefillTail,
        RefillEntries,
        Area,
        sink);

    /// <summary>
    /// Fills the completion ring. Consecutive completions of the first receive are followed by those of the second, and so on.
    /// </summary>
    /// <param name="runLength">The number of consecutive completions of one receive.</param>
    /// <param name="receives">The user data of the receives, or null to use the submitted ones.</param>
    public void Prepare(int runLength, IReadOnlyList<ulong>? receives = null)
    {
        receives ??= _receives;
        for (uint i = 0; i < Parameters.cq_entries; i++)
        {
            io_uring_cqe* entry = (io_uring_cqe*)(Ring + Parameters.cq_off.cqes + (i * CompletionQueue.EntrySize));
            entry->user_data = receives[(int)(i / (uint)runLength % (uint)receives.Count)];
            entry->res = BufferLength;
            entry->flags = IORING_CQE_F_MORE;
            ((io_uring_zcrx_cqe*)(entry + 1))->off = i * (ulong)BufferLength;
        }

        // The loop has handled all earlier completions, so the next batch starts at the current tail.
        _completionTail = *CompletionTail;
    }

    /// <summary>Lets the ring thread handle this number of batches, and waits until it has done so.</summary>
    public void Replay(int batches)
    {
        // The enter after the last batch shows that the loop has handled that batch, so there is one enter more.
        _batches = batches + 1;
        _start.Release();
        _done.Wait();
    }

    /// <summary>Publishes the completions of the next batch.</summary>
    public void PostBatch()
    {
        _posted += BatchLength;
        _completionTail += BatchLength;
        Volatile.Write(ref *CompletionTail, _completionTail);
    }

    /// <summary>Consumes all published refill entries at once.</summary>
    public override void ConsumeRefill()
    {
        uint tail = Volatile.Read(ref *RefillTail);
        _returned += tail - *RefillHead;
        Volatile.Write(ref *RefillHead, tail);
    }

    /// <summary>
    /// Checks that every buffer was delivered completely and returned. Throws if not, because the measurement is then wrong.
    /// </summary>
    /// <param name="delivered">The number of bytes that observers have received.</param>
    public void Check(long delivered)
    {
        if (delivered != _posted * BufferLength || _returned != _posted)
        {
            throw new InvalidOperationException($"Of {_posted} buffers {_returned} came back, and {delivered} bytes were delivered.");
        }
    }

    public void Dispose()
    {
        _start.Dispose();
        _done.Dispose();
    }

    private int TakeSubmissions(uint count)
    {
        uint* head = (uint*)(Ring + Parameters.sq_off.head);
        for (uint i = 0; i < count; i++)
        {
            ref io_uring_sqe entry = ref Submissions[(*head + i) & (Parameters.sq_entries - 1)];
            if (entry.opcode == IORING_OP_RECV_ZC)
            {
                lock (_receives)
                {
                    _receives.Add(entry.user_data);
                }
            }
        }

        Volatile.Write(ref *head, *head + count);
        return (int)count;
    }
}
