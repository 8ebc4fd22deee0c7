using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Benchmarks.Loop;

/// <summary>The least that any C# program over these rings has to do: read each completion, count its bytes, write its refill entry.</summary>
/// <remarks>Nothing is looked up, checked or lent. What the product adds to this is what the benchmark shows.</remarks>
internal sealed unsafe class BareRings(
    io_uring_cqe* completions, uint* completionHead, uint* completionTail, uint completionEntries, io_uring_zcrx_rqe* refill, uint* refillTail, uint refillEntries)
{
    private long _bytes;

    public long Bytes => _bytes;

    /// <summary>Works off what is ready.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Turn()
    {
        uint head = *completionHead;
        uint ready = Volatile.Read(ref *completionTail) - head;
        uint tail = *refillTail;
        uint completionMask = completionEntries - 1;
        uint refillMask = refillEntries - 1;
        long bytes = 0;
        for (uint i = 0; i < ready; i++)
        {
            // A completion is two entries long: the second half holds where the bytes are.
            io_uring_cqe* completion = completions + ((nuint)((head + i) & completionMask) * (CompletionQueue.EntrySize / (nuint)sizeof(io_uring_cqe)));
            bytes += completion->res;
            io_uring_zcrx_rqe* entry = refill + (tail & refillMask);
            entry->off = ((io_uring_zcrx_cqe*)(completion + 1))->off;
            entry->len = 0;
            entry->__pad = 0;
            tail++;
        }

        _bytes += bytes;
        Volatile.Write(ref *completionHead, head + ready);
        Volatile.Write(ref *refillTail, tail);
    }
}
