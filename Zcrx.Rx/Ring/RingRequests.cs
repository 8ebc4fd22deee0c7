using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Rx.Ring;

/// <summary>Prepares requests and submits them to the ring. Ring thread only.</summary>
internal sealed unsafe class RingRequests(IoRing ring) : IRingEnd
{
    // SOCK_CLOEXEC keeps child processes from inheriting accepted sockets. SOCK_NONBLOCK keeps calls on them from blocking.
    private const uint AcceptFlags = 0x80000 | 0x800;

    /// <summary>Gets the ring, on which a queue can be registered.</summary>
    public IoRing Ring => ring;

    public CompletionQueue Completions => ring.Completion;

    public bool IsCompletionOverflown => ring.Submission.IsCompletionOverflown;

    public bool HasDroppedCompletions => ring.Completion.Dropped != 0;

    /// <summary>Gets a value indicating whether the ring is dead. A request to a dead ring has no effect.</summary>
    public bool IsDead { get; private set; }

    public void MarkDead() => IsDead = true;

    /// <summary>Submits the prepared requests and waits for completions.</summary>
    /// <exception cref="ZcrxException">The ring is broken, or has lost completions.</exception>
    public void Enter(uint minComplete, TimeSpan? timeout)
    {
        int result = ring.SubmitAndWait(minComplete, minComplete == 0 ? null : timeout);
        if (IsFatal(result))
        {
            IsDead = true;
            throw new ZcrxException("Entering the ring", -result, "the ring is broken", "Restart the queue");
        }

        if (HasDroppedCompletions)
        {
            throw new ZcrxException("Reading completions", Errno.EBADR, "the kernel has dropped completions, so the positions of the streams are unknown", "Use a larger completion ring (CompletionEntries)");
        }
    }

    /// <summary>
    /// Submits the prepared requests and waits for one completion. Does not throw, because the ring may have failed before. The result is
    /// visible in <see cref="IsDead"/> and <see cref="HasDroppedCompletions"/>.
    /// </summary>
    public void TryEnter(TimeSpan timeout) => IsDead |= IsFatal(ring.SubmitAndWait(1, timeout));

    /// <summary>Returns a submission entry to fill in. If the submission ring is full, submits the prepared entries first.</summary>
    public io_uring_sqe* Prepare()
    {
        io_uring_sqe* entry = ring.Submission.TryPrepare();
        if (entry == null)
        {
            SubmitForRoom();
            entry = ring.Submission.TryPrepare();
        }

        return entry;
    }

    /// <summary>
    /// Submits the prepared entries to make room for more. May be called while completions are handled, because submitting does not move
    /// them.
    /// </summary>
    /// <exception cref="ZcrxException">The kernel does not consume the submission ring.</exception>
    public void SubmitForRoom()
    {
        int result = ring.Submit();
        if (ring.Submission.Pending >= ring.Submission.Capacity)
        {
            throw new ZcrxException("Submitting requests", result < 0 ? -result : Errno.EBUSY, "the kernel does not consume the submission ring", "Restart the queue");
        }
    }

    /// <summary>Issues a request that accepts one connection, or every connection until it is cancelled.</summary>
    public void Accept(int socket, bool isMultishot, ulong tag)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_ACCEPT;
        entry->fd = socket;
        entry->ioprio = isMultishot ? LinuxIoUring.IORING_ACCEPT_MULTISHOT : (ushort)0;
        entry->accept_flags = AcceptFlags;
        entry->user_data = tag;
    }

    public void Poll(int socket, uint events, ulong tag)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_POLL_ADD;
        entry->fd = socket;
        entry->poll32_events = events;
        entry->user_data = tag;
    }

    /// <summary>Cancels the request whose user data is the target. Does nothing on a dead ring.</summary>
    public void Cancel(ulong target)
    {
        if (IsDead)
        {
            return;
        }

        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_ASYNC_CANCEL;
        entry->fd = -1;
        entry->addr = target;
        entry->user_data = new UserData(RequestKind.Cancel, 0, 0).Encode();
    }

    private static bool IsFatal(int enterResult) => enterResult is < 0 and not (-Errno.ETIME or -Errno.EINTR or -Errno.EBUSY or -Errno.EAGAIN);
}
