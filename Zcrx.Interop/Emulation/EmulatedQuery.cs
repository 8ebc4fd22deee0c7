using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringQuery;

namespace Zcrx.Interop.Emulation;

/// <summary>Implements <c>IORING_REGISTER_QUERY</c>. Its argument is a chain of queries, each of which gets its own result.</summary>
internal static unsafe class EmulatedQuery
{
    private const int MaxChain = 1000;

    public static int Answer(EmulatedKernelProfile profile, void* argument, uint argumentCount)
    {
        if (argumentCount != 0)
        {
            return -EINVAL;
        }

        io_uring_query_hdr* header = (io_uring_query_hdr*)argument;
        for (int i = 0; header != null; i++)
        {
            if (i == MaxChain)
            {
                return -ERANGE;
            }

            if (!UserMemory.IsWritable(header, (nuint)sizeof(io_uring_query_hdr)))
            {
                return -EFAULT;
            }

            if (!AnswerOne(profile, header))
            {
                return -EFAULT;
            }

            header = (io_uring_query_hdr*)header->next_entry;
        }

        return 0;
    }

    /// <summary>Answers one query. Returns false when the memory for the answer is not accessible. The whole call then fails.</summary>
    private static bool AnswerOne(EmulatedKernelProfile profile, io_uring_query_hdr* header)
    {
        uint size = header->size;
        bool reserved = header->result != 0 || header->__resv[0] != 0 || header->__resv[1] != 0 || header->__resv[2] != 0;
        if (reserved || size == 0)
        {
            header->size = 0;
            header->result = -EINVAL;
            return true;
        }

        byte* answer = stackalloc byte[64];
        new Span<byte>(answer, 64).Clear();
        int length = Fill(profile, header->query_op, answer);
        if (length == 0)
        {
            header->size = 0;
            header->result = -EOPNOTSUPP;
            return true;
        }

        size = uint.Min(size, (uint)length);
        if (!UserMemory.IsWritable((void*)header->query_data, size))
        {
            return false;
        }

        header->size = size;
        new Span<byte>(answer, (int)size).CopyTo(new Span<byte>((void*)header->query_data, (int)size));
        header->result = 0;
        return true;
    }

    private static int Fill(EmulatedKernelProfile profile, uint operation, byte* answer)
    {
        switch (operation)
        {
            case IO_URING_QUERY_OPCODES:
                *(io_uring_query_opcode*)answer = new io_uring_query_opcode
                {
                    nr_request_opcodes = 65, nr_register_opcodes = profile.RegisterOpcodes, feature_flags = 0x3ffff,
                    ring_setup_flags = profile.SetupFlags, enter_flags = 0xff, sqe_flags = 0x7f, nr_query_opcodes = profile.QueryOpcodes,
                };
                return sizeof(io_uring_query_opcode);
            case IO_URING_QUERY_ZCRX:
                *(io_uring_query_zcrx*)answer = new io_uring_query_zcrx
                {
                    register_flags = profile.RegisterFlags, area_flags = LinuxIoUringZcrx.IORING_ZCRX_AREA_DMABUF,
                    nr_ctrl_opcodes = profile.ControlOperations, features = profile.Features,
                    rq_hdr_size = profile.RefillHeaderSize, rq_hdr_alignment = 64,
                };
                return sizeof(io_uring_query_zcrx);
            case IO_URING_QUERY_ZCRX_EVENT when profile.HasEvents:
                *(io_uring_query_zcrx_event*)answer = new io_uring_query_zcrx_event
                {
                    event_flags = 3, stats_size = (uint)sizeof(zcrx_stats), stats_off_alignment = 8,
                };
                return sizeof(io_uring_query_zcrx_event);
            default:
                return 0;
        }
    }
}
