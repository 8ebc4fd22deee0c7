using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Support;

/// <summary>Represents a ring that the calling thread uses. It collects completions in their order.</summary>
internal sealed unsafe class TestRing(IIoUringKernel kernel, uint completionEntries = 256, uint submissionEntries = 64) : IDisposable
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);
    private readonly List<Cqe> _completions = [];

    // The kernel refuses more submission entries than completion entries.
    public IoRing Ring { get; } = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = uint.Min(submissionEntries, completionEntries), CompletionEntries = completionEntries });

    public IIoUringKernel Kernel => kernel;

    /// <summary>Gets the completions that the test has not taken yet.</summary>
    public IReadOnlyList<Cqe> Completions => _completions;

    public io_uring_sqe* Prepare()
    {
        io_uring_sqe* entry = Ring.Submission.TryPrepare();
        Assert.True(entry != null, "the submission queue has room");
        return entry;
    }

    public void Nop(ulong userData)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = IORING_OP_NOP;
        entry->user_data = userData;
    }

    /// <summary>Submits a multishot receive immediately.</summary>
    public void Receive(uint queueId, int socket, ulong userData, uint budget = 0)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = IORING_OP_RECV_ZC;
        entry->fd = socket;
        entry->ioprio = IORING_RECV_MULTISHOT;
        entry->len = budget;
        entry->zcrx_ifq_idx = queueId;
        entry->user_data = userData;
        Assert.Equal(1, Ring.Submit());
    }

    /// <summary>Submits the cancellation of a request immediately.</summary>
    public void Cancel(ulong target, ulong userData, uint flags = 0)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = IORING_OP_ASYNC_CANCEL;
        entry->fd = -1;
        entry->addr = target;
        entry->cancel_flags = flags;
        entry->user_data = userData;
        Assert.Equal(1, Ring.Submit());
    }

    /// <summary>Runs pending work without waiting, and collects its completions.</summary>
    public void RunTurn()
    {
        int result = Ring.SubmitAndWait(0, TimeSpan.Zero);
        Assert.True(result >= 0 || result == -Errno.ETIME, $"enter gives {result}");
        Collect();
    }

    /// <summary>
    /// Runs the ring until its completions meet a condition. Fails at the deadline, and the message shows the completions.
    /// </summary>
    public void RunUntil(Func<IReadOnlyList<Cqe>, bool> condition, string expectation)
    {
        Deadline.Watch watch = Deadline.Start(expectation);
        Collect();
        while (!condition(_completions))
        {
            int result = Ring.SubmitAndWait(1, Turn);
            Assert.True(result >= 0 || result is -Errno.ETIME or -Errno.EINTR, $"enter gives {result}");
            Collect();
            watch.Check(Describe);
        }
    }

    /// <summary>Waits until at least this number of completions has arrived, and takes all of them.</summary>
    public IReadOnlyList<Cqe> Take(int count)
    {
        RunUntil(completions => completions.Count >= count, $"{count} completions");
        return TakeAll();
    }

    /// <summary>Waits for the last completion of a request, and takes all completions that have arrived.</summary>
    public IReadOnlyList<Cqe> TakeUntilEnd(ulong userData)
    {
        RunUntil(completions => completions.Any(cqe => cqe.UserData == userData && !cqe.HasMore), $"the request {userData:x} ends");
        return TakeAll();
    }

    /// <summary>Waits until a request has delivered this number of bytes, and takes all completions that have arrived.</summary>
    public IReadOnlyList<Cqe> TakeBytes(ulong userData, long bytes)
    {
        RunUntil(completions => completions.Where(cqe => cqe.UserData == userData && cqe.IsData).Sum(cqe => (long)cqe.Result) >= bytes, $"{bytes} bytes for {userData:x}");
        return TakeAll();
    }

    /// <summary>Discards the completions that meet a condition.</summary>
    /// <returns>The number of discarded completions.</returns>
    public int Drop(Predicate<Cqe> which) => _completions.RemoveAll(which);

    public IReadOnlyList<Cqe> TakeAll()
    {
        Cqe[] taken = [.. _completions];
        _completions.Clear();
        return taken;
    }

    /// <summary>
    /// Waits until the kernel has done all pending work, and takes the completions. The last request is a no-op, whose completion shows
    /// that the work is done.
    /// </summary>
    public IReadOnlyList<Cqe> Settle()
    {
        const ulong Marker = 0x5E771E;
        Nop(Marker);
        RunUntil(completions => completions.Any(cqe => cqe.UserData == Marker), "a no-op completes");
        RunTurn();
        _completions.RemoveAll(cqe => cqe.UserData == Marker);
        return TakeAll();
    }

    public int Register(uint opcode, void* argument, uint count) => kernel.Register(Ring.Fd, opcode, argument, count);

    public void Dispose() => Ring.Dispose();

    private string Describe() => _completions.Count == 0 ? "nothing completed" : "so far " + string.Join(' ', _completions.TakeLast(20));

    private void Collect()
    {
        uint ready = Ring.Completion.Ready;
        for (uint i = 0; i < ready; i++)
        {
            _completions.Add(Cqe.From(Ring.Completion.Peek(i)));
        }

        Ring.Completion.Advance(ready);
    }
}
