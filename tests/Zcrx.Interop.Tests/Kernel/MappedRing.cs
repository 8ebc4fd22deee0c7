using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Represents a minimal ring, which submits one entry at a time and reads its completion.</summary>
internal sealed unsafe class MappedRing : IDisposable
{
    public const uint Flags =
        IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_NO_SQARRAY;

    private const int CompletionBytes = 32;

    private readonly IIoUringKernel _kernel;
    private readonly io_uring_params _parameters;
    private readonly nint _rings;
    private readonly nint _entries;

    /// <summary>
    /// Creates the ring and maps its memory. Skips the test when io_uring is not permitted, or the kernel does not know the flags.
    /// </summary>
    public MappedRing(IIoUringKernel kernel)
    {
        _kernel = kernel;
        io_uring_params parameters = new() { flags = Flags, cq_entries = 64 };
        Fd = kernel.Setup(8, &parameters);
        Skip.If(Fd is -Errno.EPERM or -Errno.ENOSYS or -Errno.EINVAL, $"{kernel.Description} cannot create a ring here (result {Fd}).");
        Assert.True(Fd >= 0, $"io_uring_setup: {Fd}");
        Assert.NotEqual(0u, parameters.features & IORING_FEAT_SINGLE_MMAP);
        _parameters = parameters;
        _rings = Map(RingBytes, IORING_OFF_CQ_RING);
        _entries = Map(EntryBytes, IORING_OFF_SQES);
    }

    public int Fd { get; }

    public uint CompletionCapacity => _parameters.cq_entries;

    private nuint RingBytes => Math.Max(
        _parameters.cq_off.cqes + ((nuint)_parameters.cq_entries * CompletionBytes),
        _parameters.sq_off.flags + (nuint)sizeof(uint));

    private nuint EntryBytes => (nuint)_parameters.sq_entries * (nuint)sizeof(io_uring_sqe);

    /// <summary>Submits one entry and waits for its completion.</summary>
    public io_uring_cqe Run(in io_uring_sqe entry)
    {
        ref uint tail = ref Word(_parameters.sq_off.tail);
        uint index = tail & Word(_parameters.sq_off.ring_mask);
        ((io_uring_sqe*)_entries)[index] = entry;
        Volatile.Write(ref tail, tail + 1);
        Assert.Equal(1, _kernel.Enter(Fd, toSubmit: 1, minComplete: 1, IORING_ENTER_GETEVENTS, argument: null, argumentSize: 0));

        ref uint head = ref Word(_parameters.cq_off.head);
        Assert.Equal(head + 1, Volatile.Read(ref Word(_parameters.cq_off.tail)));
        uint slot = head & Word(_parameters.cq_off.ring_mask);
        var completion = *(io_uring_cqe*)(_rings + (nint)_parameters.cq_off.cqes + ((nint)slot * CompletionBytes));
        Volatile.Write(ref head, head + 1);
        return completion;
    }

    public void Dispose()
    {
        Assert.Equal(0, _kernel.Unmap(_entries, EntryBytes));
        Assert.Equal(0, _kernel.Unmap(_rings, RingBytes));
        Assert.Equal(0, _kernel.Close(Fd));
    }

    private nint Map(nuint length, ulong offset)
    {
        nint address = _kernel.Map(Fd, length, offset);
        Assert.True(address > 0, $"mmap: {address}");
        return address;
    }

    private ref uint Word(uint offset) => ref *(uint*)(_rings + (nint)offset);
}
