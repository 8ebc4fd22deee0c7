using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Does the minimum work of a C# program over these rings. It reads each completion, finds its bytes, passes them to a sink through an
/// interface, and writes the refill entry. It reads and writes head and tail once per batch.
/// </summary>
/// <remarks>
/// There is one area and one sink, so the loop looks up, checks, leases and counts nothing. The additional time of the product is the cost
/// of these steps.
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
    /// <summary>Processes all available completions.</summary>
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

    // A completion occupies two entries. The second entry contains the position of the bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private io_uring_cqe* At(uint index) => completions + ((nuint)index * (CompletionQueue.EntrySize / (nuint)sizeof(io_uring_cqe)));
}
