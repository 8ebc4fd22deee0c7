using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Memory;

namespace Zcrx.Rx.Loop;

/// <content>Another process received into the pool and has ended, in whatever way: what it had comes back.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // On a NIC one buffer may have gone out in several pieces, each of which is a reference.
    private const int NicRounds = 8;

    private readonly Action _reclaim;

    /// <summary>
    /// Sends every buffer of the pool to the kernel that nobody here has. The kernel ignores entries for buffers that are not out, so nobody need know which ones
    /// were; and none goes out meanwhile, since that takes a ring that is entered: the other process's is gone, and this thread is here.
    /// </summary>
    private void Reclaim()
    {
        // What is on its way back already goes first: once back it may be out again, and its second entry would take it from whoever has it then.
        _queue.Ledger.Drain();
        TakeForwarded();
        FlushRefillQueue();
        AppendHeldBack();
        FlushRefillQueue();
        if (_heldBack.Count > 0 || _queue.Refill.Depth > 0 || _ring.Completion.Ready > 0)
        {
            return;
        }

        HashSet<(int Area, long Buffer)> away = [];
        _queue.Ledger.ForEachAway(offset => away.Add(((int)(offset >> LinuxIoUringZcrx.IORING_ZCRX_AREA_SHIFT), (long)(offset & ~LinuxIoUringZcrx.IORING_ZCRX_AREA_MASK) / _queue.BufferLength)));
        IReadOnlyList<MemoryRegion> areas = _queue.Memory.Areas;
        for (int round = 0; round < (_isOnNic ? NicRounds : 1); round++)
        {
            for (int area = 0; area < areas.Count; area++)
            {
                long buffers = (long)areas[area].Length / _queue.BufferLength;
                for (long buffer = 0; buffer < buffers; buffer++)
                {
                    if (!away.Contains((area, buffer)))
                    {
                        ReclaimOne(((ulong)area << LinuxIoUringZcrx.IORING_ZCRX_AREA_SHIFT) | (ulong)(buffer * _queue.BufferLength));
                    }
                }
            }

            ConsumeReclaimed();
        }

        _queue.Memory.OnReclaimed();
        // Who waits for buffers is looked at again.
        _lastKept = -1;
    }

    private void ReclaimOne(ulong offset)
    {
        if (!_queue.Refill.TryAppend(offset))
        {
            ConsumeReclaimed();
            _ = _queue.Refill.TryAppend(offset);
        }
    }

    /// <summary>An entry that lay there until its buffer is out again would take it from whoever has it.</summary>
    private void ConsumeReclaimed()
    {
        FlushRefillQueue();
        if (_queue.Refill.Depth > 0)
        {
            throw new ZcrxException($"Taking back the buffers of {_options.Name}", 0, "the kernel does not consume the refill queue", "Restart the queue");
        }
    }
}
