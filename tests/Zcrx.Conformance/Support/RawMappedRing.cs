using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents a ring with any set-up flags. The test uses its memory directly, including the index array of the submission ring.
/// </summary>
internal sealed unsafe class RawMappedRing : IDisposable
{
    private readonly IIoUringKernel _kernel;
    private readonly io_uring_params _parameters;
    private readonly byte* _ring;
    private readonly nuint _ringLength;
    private readonly io_uring_sqe* _entries;

    public RawMappedRing(IIoUringKernel kernel, uint flags = RawRing.Mandatory, uint entries = 8, uint completionEntries = 16)
    {
        _kernel = kernel;
        io_uring_params parameters = new() { flags = flags | IORING_SETUP_CQSIZE, cq_entries = completionEntries };
        Fd = kernel.Setup(entries, &parameters);
        Assert.True(Fd >= 0, $"setup gives {Fd}");
        _parameters = parameters;
        nuint completionSize = (flags & IORING_SETUP_CQE32) != 0 ? 32u : 16u;
        _ringLength = nuint.Max(
            parameters.cq_off.cqes + (parameters.cq_entries * completionSize),
            parameters.sq_off.array + (parameters.sq_entries * sizeof(uint)));
        _ring = (byte*)Map(_ringLength, IORING_OFF_SQ_RING);
        _entries = (io_uring_sqe*)Map(Entries * (nuint)sizeof(io_uring_sqe), IORING_OFF_SQES);
    }

    public int Fd { get; }

    public uint Entries => _parameters.sq_entries;

    public uint SubmissionTail { set => Volatile.Write(ref *At(_parameters.sq_off.tail), value); }

    public void Submit(in io_uring_sqe entry)
    {
        uint tail = *At(_parameters.sq_off.tail);
        uint index = tail & (Entries - 1);
        _entries[index] = entry;
        ((uint*)(_ring + _parameters.sq_off.array))[index] = index;
        SubmissionTail = tail + 1;
        Assert.Equal(1, _kernel.Enter(Fd, 1, 0, 0, null, 0));
    }

    /// <summary>
    /// Runs the pending work of the ring, and returns its completions. The second half of a large completion contains the offset.
    /// </summary>
    public List<(io_uring_cqe Completion, ulong Offset)> Run()
    {
        Assert.True(_kernel.Enter(Fd, 0, 0, IORING_ENTER_GETEVENTS, null, 0) >= 0);
        uint head = *At(_parameters.cq_off.head);
        uint tail = Volatile.Read(ref *At(_parameters.cq_off.tail));
        List<(io_uring_cqe, ulong)> taken = [];
        while (head != tail)
        {
            io_uring_cqe* cqe = (io_uring_cqe*)(_ring + _parameters.cq_off.cqes) + (head & (_parameters.cq_entries - 1));
            bool isLarge = (cqe->flags & IORING_CQE_F_32) != 0;
            taken.Add((*cqe, isLarge ? ((io_uring_zcrx_cqe*)(cqe + 1))->off : 0));
            head += isLarge ? 2u : 1;
        }

        Volatile.Write(ref *At(_parameters.cq_off.head), head);
        return taken;
    }

    public void Dispose()
    {
        Assert.Equal(0, _kernel.Close(Fd));
        Assert.Equal(0, _kernel.Unmap((nint)_entries, Entries * (nuint)sizeof(io_uring_sqe)));
        Assert.Equal(0, _kernel.Unmap((nint)_ring, _ringLength));
    }

    private uint* At(uint offset) => (uint*)(_ring + offset);

    private nint Map(nuint length, ulong offset)
    {
        nint address = _kernel.Map(Fd, length, offset);
        Assert.False(Libc.IsError(address), $"mmap gives {address}");
        return address;
    }
}
