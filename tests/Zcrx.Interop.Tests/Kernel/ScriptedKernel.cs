using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Represents a kernel that answers capability queries from given values and supports nothing else.</summary>
internal sealed unsafe class ScriptedKernel : IIoUringKernel
{
    /// <summary>The descriptor of the ring that answers IORING_REGISTER_PROBE.</summary>
    public const int ProbedRing = 77;

    public required string Description { get; init; }

    /// <summary>
    /// Gets the result of the register call for queries. It is a negative errno on a kernel that has no queries, and otherwise 0.
    /// </summary>
    public int CallResult { get; init; }

    public io_uring_query_opcode? Opcodes { get; init; }

    public io_uring_query_zcrx? Zcrx { get; init; }

    public io_uring_query_zcrx_event? Notifications { get; init; }

    /// <summary>Gets the result that the kernel writes into the header of an unknown query.</summary>
    public int UnknownQueryResult { get; init; } = -Errno.EOPNOTSUPP;

    /// <summary>Gets the number of opcodes that the probe reports, or 0 if no ring can be created.</summary>
    public byte ProbedOpcodes { get; init; }

    /// <summary>Gets the descriptors that were closed, in order.</summary>
    public List<int> Closed { get; } = [];

    /// <summary>Gets the number of register calls.</summary>
    public int Calls { get; private set; }

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount)
    {
        Calls++;
        if (ringFd == ProbedRing && opcode == LinuxIoUring.IORING_REGISTER_PROBE && argumentCount <= 256)
        {
            ((io_uring_probe*)argument)->last_op = (byte)(ProbedOpcodes - 1);
            return 0;
        }

        if (ringFd != -1 || opcode != LinuxIoUring.IORING_REGISTER_QUERY || argumentCount != 0)
        {
            return -Errno.EINVAL;
        }

        if (CallResult < 0)
        {
            return CallResult;
        }

        var header = (io_uring_query_hdr*)argument;
        int answered = 0;
        while (header != null)
        {
            Answer(header);
            answered++;
            header = (io_uring_query_hdr*)header->next_entry;
        }

        // Linux 6.18, which has no zcrx query, returns the number of queries that it has answered. Later kernels return 0.
        return Zcrx is null ? answered : 0;
    }

    /// <summary>Gets the result of every call that creates a ring.</summary>
    public int SetupResult { get; init; } = -Errno.ENOSYS;

    public int Setup(uint entries, io_uring_params* parameters) => ProbedOpcodes > 0 ? ProbedRing : SetupResult;

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) => -Errno.ENOSYS;

    public nint Map(int ringFd, nuint length, ulong offset) => -Errno.ENOSYS;

    public int Unmap(nint address, nuint length) => -Errno.ENOSYS;

    public int InterfaceIndex(string name) => -Errno.ENODEV;

    public int Close(int fd)
    {
        Closed.Add(fd);
        return 0;
    }

    private void Answer(io_uring_query_hdr* header)
    {
        if (header->result != 0 || header->size == 0 || header->__resv[0] != 0 || header->__resv[1] != 0 || header->__resv[2] != 0)
        {
            header->result = -Errno.EINVAL;
            header->size = 0;
            return;
        }

        int size = header->query_op switch
        {
            LinuxIoUringQuery.IO_URING_QUERY_OPCODES => Copy(Opcodes, header),
            LinuxIoUringQuery.IO_URING_QUERY_ZCRX => Copy(Zcrx, header),
            LinuxIoUringQuery.IO_URING_QUERY_ZCRX_EVENT => Copy(Notifications, header),
            _ => -1,
        };
        header->result = size < 0 ? UnknownQueryResult : 0;
        header->size = (uint)Math.Max(size, 0);
    }

    /// <summary>Copies as much of the answer as fits into the caller's memory, and clears the rest of that memory.</summary>
    private static int Copy<T>(T? answer, io_uring_query_hdr* header)
        where T : unmanaged
    {
        if (answer is not { } value)
        {
            return -1;
        }

        int size = Math.Min(sizeof(T), (int)header->size);
        var target = new Span<byte>((void*)header->query_data, (int)header->size);
        new ReadOnlySpan<byte>(&value, size).CopyTo(target);
        target[size..].Clear();
        return size;
    }
}
