using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Owns the memory that a ring shares with user space: heads, tails, flags and both arrays of entries.</summary>
internal sealed unsafe class EmulatedRingMemory : IDisposable
{
    // Offsets in the ring mapping. The set-up reports them to user space.
    private const int SqHead = 0;
    private const int SqTail = 64;
    private const int SqMask = 128;
    private const int SqEntries = 132;
    private const int SqFlags = 136;
    private const int SqDropped = 140;
    private const int CqHead = 192;
    private const int CqTail = 256;
    private const int CqMask = 320;
    private const int CqEntries = 324;
    private const int CqOverflow = 328;
    private const int CqFlags = 332;
    private const int Entries = 384;

    private readonly byte* _ring;
    private readonly nuint _ringLength;
    private readonly io_uring_sqe* _submissions;
    // The offset of the array of submission indexes; 0 for a ring without one.
    private readonly nuint _arrayOffset;
    private uint _submissionHead;

    /// <summary>Allocates the memory and fills in the offsets.</summary>
    /// <param name="parameters">Contains flags and sizes; receives the offsets.</param>
    public EmulatedRingMemory(io_uring_params* parameters)
    {
        SubmissionEntries = parameters->sq_entries;
        CompletionEntries = parameters->cq_entries;
        CompletionSize = (parameters->flags & IORING_SETUP_CQE32) != 0 ? 32 : 16;
        nuint array = Entries + (nuint)(CompletionEntries * (uint)CompletionSize);
        _arrayOffset = (parameters->flags & IORING_SETUP_NO_SQARRAY) != 0 ? 0 : array;
        _ringLength = array + (SubmissionEntries * sizeof(uint));
        _ring = (byte*)NativeMemory.AlignedAlloc(_ringLength, 64);
        NativeMemory.Clear(_ring, _ringLength);
        _submissions = (io_uring_sqe*)NativeMemory.AlignedAlloc(SubmissionEntries * 64, 64);
        NativeMemory.Clear(_submissions, SubmissionEntries * 64);
        *(uint*)(_ring + SqMask) = SubmissionEntries - 1;
        *(uint*)(_ring + SqEntries) = SubmissionEntries;
        *(uint*)(_ring + CqMask) = CompletionEntries - 1;
        *(uint*)(_ring + CqEntries) = CompletionEntries;
        parameters->sq_off = new io_sqring_offsets
        {
            head = SqHead, tail = SqTail, ring_mask = SqMask, ring_entries = SqEntries, flags = SqFlags, dropped = SqDropped, array = (uint)_arrayOffset,
        };
        parameters->cq_off = new io_cqring_offsets
        {
            head = CqHead, tail = CqTail, ring_mask = CqMask, ring_entries = CqEntries, overflow = CqOverflow, cqes = Entries, flags = CqFlags,
        };
    }

    public uint SubmissionEntries { get; }

    public uint CompletionEntries { get; }

    /// <summary>Gets the size of a slot of the completion queue in bytes.</summary>
    public int CompletionSize { get; }

    /// <summary>Gets the first slot of the completion queue.</summary>
    public byte* Completions => _ring + Entries;

    /// <summary>Gets the number of submissions that user space has published and the ring has not taken.</summary>
    public uint Submissions => uint.Min(Volatile.Read(ref *(uint*)(_ring + SqTail)) - _submissionHead, SubmissionEntries);

    /// <summary>Gets the head of the completion queue as user space has published it.</summary>
    public uint CompletionHead => Volatile.Read(ref *(uint*)(_ring + CqHead));

    /// <summary>Returns the address of one of the ring's mappings, or −EINVAL.</summary>
    public nint Map(nuint length, ulong offset) => offset switch
    {
        IORING_OFF_SQ_RING or IORING_OFF_CQ_RING => length <= RoundToPage(_ringLength) ? (nint)_ring : -Errno.EINVAL,
        IORING_OFF_SQES => length <= RoundToPage(SubmissionEntries * 64) ? (nint)_submissions : -Errno.EINVAL,
        _ => -Errno.EINVAL,
    };

    /// <summary>Takes the next submission. <see cref="Submissions"/> must not be 0.</summary>
    public io_uring_sqe TakeSubmission()
    {
        uint index = _submissionHead & (SubmissionEntries - 1);
        if (_arrayOffset != 0)
        {
            index = ((uint*)(_ring + _arrayOffset))[index] & (SubmissionEntries - 1);
        }

        io_uring_sqe entry = _submissions[index];
        _submissionHead++;
        // A release store: the entry is read before user space may reuse its slot.
        Volatile.Write(ref *(uint*)(_ring + SqHead), _submissionHead);
        return entry;
    }

    /// <summary>Publishes the tail of the completion queue. The release store makes the entries visible before the tail.</summary>
    public void PublishCompletions(uint tail) => Volatile.Write(ref *(uint*)(_ring + CqTail), tail);

    /// <summary>Publishes to user space whether completions wait in the overflow list.</summary>
    public void ShowOverflow(bool isOverflown)
    {
        uint* flags = (uint*)(_ring + SqFlags);
        uint wanted = isOverflown ? *flags | IORING_SQ_CQ_OVERFLOW : *flags & ~IORING_SQ_CQ_OVERFLOW;
        if (*flags != wanted)
        {
            Volatile.Write(ref *flags, wanted);
        }
    }

    /// <summary>Counts a completion that is lost.</summary>
    public void CountLostCompletion()
    {
        uint* overflow = (uint*)(_ring + CqOverflow);
        Volatile.Write(ref *overflow, *overflow + 1);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_ring);
        NativeMemory.AlignedFree(_submissions);
    }

    private static nuint RoundToPage(nuint length)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return (length + page - 1) / page * page;
    }
}
