using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Memory;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Pool;

/// <summary>
/// Shares a pool with other rings on the same memory, in this process or another. One ring writes the refill queue; the others
/// send their buffers to that ring.
/// </summary>
/// <remarks>Members of <see cref="IRefillProducer"/> run on any thread, all others on the ring thread.</remarks>
internal sealed class PoolSharing : IRefillProducer
{
    // On a NIC, a buffer may have been delivered in several pieces, and the kernel counts a reference for each piece. Reclaiming
    // therefore returns every buffer this many times.
    private const int NicRounds = 8;

    private readonly BufferPool _pool;
    private readonly IPoolQueue _queue;
    private readonly QueueMemory _memory;
    private readonly IRingWorker _worker;
    private readonly QueueContext _context;
    private readonly Action _reclaim;
    private int _reportedInFlight;

    public PoolSharing(BufferPool pool, IPoolQueue queue, IRingWorker worker, QueueContext context)
    {
        _pool = pool;
        _queue = queue;
        _memory = queue.Memory;
        _worker = worker;
        _context = context;
        _reclaim = Reclaim;
    }

    /// <inheritdoc/>
    public Task CedeAsync() => _worker.InvokeAsync(
        () =>
        {
            _queue.Refill.Cede();
            _pool.SetCeded(true);
            ForwardReturned();
            return true;
        },
        refused: static () => false);

    /// <inheritdoc/>
    public Task<bool> BeginAsync() => _worker.InvokeAsync(
        () =>
        {
            _queue.Refill.Begin();
            _memory.AddLeasedByOtherRings(-_reportedInFlight);
            _reportedInFlight = 0;
            _pool.SetCeded(false);
            // Marks the pool as changed, so that the scheduler looks for connections that can receive again.
            _pool.Starve();
            _pool.Invalidate();
            return true;
        },
        refused: static () => false);

    /// <inheritdoc/>
    public void Wake() => _worker.Wake();

    /// <summary>
    /// Takes returned buffers from consumers and from other rings. Passes them to the kernel, or to the ring that writes the refill queue.
    /// </summary>
    public void TakeReturned()
    {
        _queue.Ledger.Drain();
        if (!_queue.Refill.IsOurs)
        {
            ForwardReturned();
            return;
        }

        TakeForwarded();
        _memory.ReclaimIfDue(_reclaim);
        _pool.Publish();
    }

    /// <summary>
    /// Passes buffers that were returned on the ring thread to the kernel or to the ring that writes the refill queue. Called before the
    /// thread sleeps, because these returns do not wake it.
    /// </summary>
    public void PassOn()
    {
        if (_queue.Refill.IsOurs)
        {
            _pool.Publish();
        }
        else
        {
            ForwardReturned();
        }
    }

    /// <summary>
    /// Requests that another ring on the same memory reclaims the buffers of completions that this ring has lost. Otherwise
    /// these buffers would never return.
    /// </summary>
    public void RequestReclaim()
    {
        // Skipped if another process shares the memory, because this process does not know which buffers are leased in the other process.
        if (!_memory.IsSharedWithProcess)
        {
            _memory.Reclaim();
        }
    }

    /// <summary>
    /// Removes this ring from the sharing. Its entries stay in the refill queue, and its other returned buffers in the shared memory, for
    /// the next writer.
    /// </summary>
    public void Leave()
    {
        _queue.Refill.Publish();
        ForwardReturned();
        _ = _memory.ResignAsync(this);
    }

    private void ForwardReturned()
    {
        bool hasNews = ReportInFlight() || _pool.HasPending;
        while (_pool.TryTakePending(out ulong offset))
        {
            _memory.Enqueue(offset);
        }

        if (hasNews)
        {
            _memory.WakeProducer();
        }
    }

    private bool ReportInFlight()
    {
        int inFlight = _queue.Ledger.InFlight;
        if (inFlight == _reportedInFlight)
        {
            return false;
        }

        _memory.AddLeasedByOtherRings(inFlight - _reportedInFlight);
        _reportedInFlight = inFlight;
        return true;
    }

    private void TakeForwarded()
    {
        while (_memory.TryTake(out ulong offset))
        {
            _pool.Return(offset);
        }

        _pool.SetLeasedElsewhere(_memory.LeasedElsewhere);
    }

    /// <summary>
    /// Reclaims the buffers of a process that has ended, or of a ring that has lost completions. Returns every buffer that no
    /// consumer of this process leases.
    /// </summary>
    /// <remarks>
    /// The kernel ignores entries for buffers that it has, so this method need not know which buffers the other process had. No buffer is
    /// delivered during this call, because the kernel delivers only while a thread is inside enter. The other ring is closed, and this
    /// ring's thread is here.
    /// </remarks>
    private void Reclaim()
    {
        // The kernel must first consume the entries of buffers that are already being returned. Otherwise they would get a second entry
        // below, which could take a buffer from its next consumer.
        _queue.Ledger.Drain();
        TakeForwarded();
        _pool.Flush();
        _pool.AppendPending();
        _pool.Flush();
        if (_pool.HasPending || _queue.Refill.Depth > 0 || _queue.HasCompletions)
        {
            return;
        }

        HashSet<(int Area, long Buffer)> inFlight = [];
        _queue.Ledger.ForEachInFlight(offset => inFlight.Add(((int)(offset >> LinuxIoUringZcrx.IORING_ZCRX_AREA_SHIFT), (long)(offset & ~LinuxIoUringZcrx.IORING_ZCRX_AREA_MASK) / _queue.BufferLength)));
        for (int round = 0; round < (_context.IsOnNic ? NicRounds : 1); round++)
        {
            ReclaimAllBut(inFlight);
            ConsumeReclaimed();
        }

        _memory.OnReclaimed();
        // Marks the pool as changed, so that the scheduler resumes connections that wait for buffers.
        _pool.Invalidate();
    }

    private void ReclaimAllBut(HashSet<(int Area, long Buffer)> inFlight)
    {
        IReadOnlyList<MemoryRegion> areas = _memory.Areas;
        for (int area = 0; area < areas.Count; area++)
        {
            long buffers = (long)areas[area].Length / _queue.BufferLength;
            for (long buffer = 0; buffer < buffers; buffer++)
            {
                if (!inFlight.Contains((area, buffer)))
                {
                    ReclaimOne(((ulong)area << LinuxIoUringZcrx.IORING_ZCRX_AREA_SHIFT) | (ulong)(buffer * _queue.BufferLength));
                }
            }
        }
    }

    private void ReclaimOne(ulong offset)
    {
        if (!_queue.Refill.TryAppend(offset))
        {
            ConsumeReclaimed();
            _ = _queue.Refill.TryAppend(offset);
        }
    }

    /// <summary>
    /// Makes the kernel consume all entries. A remaining entry could take its buffer away from the next consumer that receives the buffer.
    /// </summary>
    private void ConsumeReclaimed()
    {
        _pool.Flush();
        if (_queue.Refill.Depth > 0)
        {
            throw new ZcrxException($"Reclaiming the buffers of {_context.Options.Name}", 0, "the kernel does not consume the refill queue", "Restart the queue");
        }
    }
}
