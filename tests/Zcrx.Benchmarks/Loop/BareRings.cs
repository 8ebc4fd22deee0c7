using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Represents the minimum that a C# program must do to receive over these rings. It reads each completion, passes its bytes to a sink and
/// writes the refill entry. It reads and writes head and tail once per batch.
/// </summary>
/// <remarks>
/// It has one area and one sink, so it needs no lookup. It also checks, leases and counts nothing. The additional time of the product is
/// the cost of these four.
/// </remarks>
internal sealed unsafe class BareRings(
    io_uring_cqe* completions,
    uint* completionHead,
    uint* completionTail,
    uint completionEntries,
    io_uring_zcrx_rqe* refill,
    uint* refillTail,
    uint refillEntries,
    byte* area,
    ISink sink)
{
    /// <summary>Handles all completions that are available.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Turn()
    {
        uint head = *completionHead;
        uint ready = Volatile.Read(ref *completionTail) - head;
        uint tail = *refillTail;
        uint completionMask = completionEntries - 1;
        uint refillMask = refillEntries - 1;
        for (uint i = 0; i < ready; i++)
        {
            io_uring_cqe* completion = At((head + i) & completionMask);
            ulong offset = ((io_uring_zcrx_cqe*)(completion + 1))->off;
            sink.OnNext(new ReadOnlySpan<byte>(area + offset, completion->res));
            io_uring_zcrx_rqe* entry = refill + (tail & refillMask);
            entry->off = offset;
            entry->len = 0;
            entry->__pad = 0;
            tail++;
        }

        Volatile.Write(ref *completionHead, head + ready);
        Volatile.Write(ref *refillTail, tail);
    }

    // The completions have 32 bytes, which are two io_uring_cqe. The second one contains the offset of the bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private io_uring_cqe* At(uint index) => completions + ((nuint)index * (CompletionQueue.EntrySize / (nuint)sizeof(io_uring_cqe)));
}
